package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.InitialMask;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.testing.Guide;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/checkpoints.md shows is true: a run saved and resumed that way never stopped. */
class CheckpointsGuideTest {
  private static final Guide GUIDE = new Guide("checkpoints.md");

  private static SparseOptimizer wrap(TinyNetwork model) {
    var algorithm =
        GraNet.builder()
            .sparsity(cycling(0.3, 0.5, 0.7, 0.8, 0.9))
            .dropFraction(cycling(0.5, 0.3))
            .update(every(2))
            .build();
    return Sparsity.wrap(model, model.adamW(), algorithm);
  }

  @Test
  void resumedRunIsTheRunThatNeverStopped(@TempDir Path folder) {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      Map<String, Tensor> end;
      try (var sparse = wrap(model)) {
        model.train(sparse, 0, 5);
        SparseCheckpoint.write(folder, model, sparse);
        model.train(sparse, 5, 10);
        end = model.snapshot(sparse);
      }
      resume(new TinyNetwork(), folder, end);
    }
  }

  private static void resume(TinyNetwork model, Path folder, Map<String, Tensor> end) {
    try (var sparse = wrap(model)) {
      SparseCheckpoint.read(folder, model, sparse);
      model.train(sparse, 5, 10);
      assertThat(TinyNetwork.equal(end, model.snapshot(sparse))).isTrue();
    }
  }

  @Test
  void everyLineOfItsJavaStandsInThisTest() {
    GUIDE.assertLinesStandIn(
        Path.of("src/test/java/dev/filigree/sparsity/CheckpointsGuideTest.java"), block -> true);
  }

  @Test
  void zerosOfAPrunedModelAreItsMask() {
    String yaml = GUIDE.blocks("yaml").getFirst();
    SparsityConfig config = SparsityConfig.read(ConfigReader.parse(yaml, "checkpoints.md"));
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      Sparsity.wrap(
              model,
              model.adamW(),
              Static.builder().sparsity(0.7).initialMask(InitialMask.topK()).build())
          .close();
      try (var sparse = Sparsity.wrap(model, model.adamW(), config, SparsityOptions.defaults())) {
        assertThat(sparse.sparsity()).isEqualTo(0.7);
        model.train(sparse, 0, 3);
        assertThat(sparse.sparsity()).isEqualTo(0.7);
        sparse.verify();
      }
    }
  }
}
