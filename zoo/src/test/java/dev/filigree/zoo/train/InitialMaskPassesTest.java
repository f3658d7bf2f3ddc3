package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose first masks are chosen by passes through the network. */
class InitialMaskPassesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"snip", "{type: grasp, batches: 2}", "{type: synflow, iterations: 20}"})
  void globalMasksHaveTheSparsityInEitherExecutionAndAResumedRunGoesOnExactly(String method)
      throws IOException {
    var tiny = new TinyRun(folder);
    String sparsity =
        "sparsity={algorithm: static, sparsity: 0.75, distribution: global, init_method: %s}"
            .formatted(method);
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    Path compressed = folder.resolve("compressed");
    tiny.train(whole, sparsity);
    tiny.train(stopped, sparsity, "loop.stop_at=6");
    TinyRun.resume(stopped, "loop.stop_at=12");
    tiny.train(compressed, sparsity, "loop.max_steps=2", "execution=compressed");
    assertThat(TinyRun.rows(stopped)).isEqualTo(TinyRun.rows(whole));
    try (var _ = new PointerScope()) {
      Map<String, Tensor> masks = Checkpoints.open(whole).masks();
      assertThat(sparsity(masks)).isCloseTo(0.75, within(1e-4));
      assertThat(masks.values().stream().map(InitialMaskPassesTest::density).distinct().count())
          .isGreaterThan(1);
      Checkpoints.open(compressed)
          .masks()
          .forEach((name, mask) -> assertThat(mask.equal(masks.get(name))).as(name).isTrue());
    }
  }

  @Test
  void anotherAlgorithmGoesOnFromThem() throws IOException {
    var tiny = new TinyRun(folder);
    tiny.train(folder.resolve("run"), "sparsity.init_method=snip");
    try (var _ = new PointerScope()) {
      assertThat(sparsity(Checkpoints.open(folder.resolve("run")).masks())).isEqualTo(0.75);
    }
  }

  private static double density(Tensor mask) {
    return (double) mask.sum().item_long() / mask.numel();
  }

  private static double sparsity(Map<String, Tensor> masks) {
    long size = masks.values().stream().mapToLong(Tensor::numel).sum();
    return 1 - (double) masks.values().stream().mapToLong(m -> m.sum().item_long()).sum() / size;
  }
}
