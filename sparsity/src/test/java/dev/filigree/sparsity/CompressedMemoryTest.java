package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.testing.NativeBytes;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressedMemoryTest {
  /** Weight, gradient and AdamW's two moments. */
  private static final int DENSE_BYTES_A_WEIGHT = 16;

  @ParameterizedTest
  @DisplayName(
      "at 90 % sparsity weight, gradient, AdamW's state and positions take at most 0.16 of dense")
  @CsvSource({"1024, 1024", "2752, 1024", "1024, 2752", "768, 768"})
  void ninetyPercentSparseLayersTakeASixth(long rows, long columns) {
    try (var _ = new PointerScope()) {
      var layer = new Linear(columns, rows, false);
      torch.manual_seed(1);
      layer.weight().set_data(torch.randn(rows, columns));
      Tensor x = torch.randn(8, columns);
      var algorithm = RigL.builder().sparsity(0.9).dropFraction(0.3).update(every(2)).build();
      try (SparseOptimizer optimizer =
          Sparsity.wrap(
              layer,
              new AdamW(List.of(layer.weight()), AdamW.options()),
              AlgorithmGroup.of(algorithm),
              SparsityOptions.defaults().execution(Execution.COMPRESSED))) {
        for (int step = 0; step < 3; step++) { // with a mask update
          optimizer.zeroGrad();
          layer.forward(x).pow(new Scalar(2)).mean().backward();
          optimizer.step();
        }
        SparseParameter parameter = optimizer.parameters().getFirst();
        long bytes = parameter.structureBytes() + bytes(parameter.weight());
        bytes += bytes(parameter.weight().grad());
        for (Tensor state : optimizer.state(parameter.weight()).values()) {
          bytes += bytes(state);
        }
        assertThat((double) bytes / (DENSE_BYTES_A_WEIGHT * rows * columns)).isBetween(0.1, 0.16);
      }
    }
  }

  private static long bytes(Tensor tensor) {
    return tensor.numel() * tensor.element_size();
  }

  @Test
  void forwardPassesThatNeverRunBackwardTakeNoMoreMemoryFromOneToTheNext() {
    assumeThat(NativeBytes.areCounted()).isTrue();
    try (var _ = new PointerScope()) {
      var layer = new Linear(1024, 64, false);
      layer.weight().set_data(torch.randn(64, 1024));
      try (SparseOptimizer _ =
          Sparsity.wrap(
              layer,
              new SGD(List.of(layer.weight()), SGD.options().lr(0.1)),
              AlgorithmGroup.of(Static.builder().sparsity(0.9).build()),
              SparsityOptions.defaults().execution(Execution.COMPRESSED))) {
        long after = 0;
        for (int i = 0; i < 140; i++) {
          try (var _ = new PointerScope()) {
            layer.forward(torch.randn(512, 1024)); // packed, 2 MiB
          }
          if (i == 4) {
            after = NativeBytes.inUseOnceSettled();
          }
        }
        // 270 MiB if they stayed; compilers of the JVM may hold some meanwhile.
        assertThat(NativeBytes.inUse() - after).isLessThan(64 << 20);
      }
    }
  }
}
