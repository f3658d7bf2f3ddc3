package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingListener;
import java.nio.file.Path;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeterminismTest {
  @TempDir Path folder;

  @Test
  void aRunThatAsksForItHasItAndGivesTheSettingBack() throws Exception {
    Context context = torch.globalContext();
    assertThat(context.deterministicAlgorithms()).isFalse();
    var tiny = new TinyRun(folder);
    var forced = new boolean[1];
    try (Trainer trainer = Trainer.start(tiny.config("deterministic=true"), folder.resolve("a"))) {
      trainer.listen(
          new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
              forced[0] = context.deterministicAlgorithms() && context.deterministicCuDNN();
            }
          });
      trainer.run();
    }
    assertThat(forced[0]).isTrue();
    assertThat(context.deterministicAlgorithms()).isFalse();
    tiny.train(folder.resolve("b"), "deterministic=true");
    assertThat(TinyRun.rows(folder.resolve("b"))).isEqualTo(TinyRun.rows(folder.resolve("a")));
  }

  @Test
  void libtorchHoldsToIt() {
    try (var _ = Determinism.force()) {
      // In this mode libtorch leaves no memory as it finds it.
      Tensor memory = torch.empty(1000);
      assertThat(memory.isnan().all().item_bool()).isTrue();
    }
  }
}
