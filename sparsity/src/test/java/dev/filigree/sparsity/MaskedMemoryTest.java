package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.testing.NativeBytes;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class MaskedMemoryTest {
  private static final long SIDE = 2048;
  private static final long BYTES = 4 * SIDE * SIDE;
  private static final int LAYERS = 4;
  private static final double NOISE = 0.4; // what earlier tests may free meanwhile, some megabytes

  private static final class Net extends Layer {
    private final Linear[] layers = new Linear[LAYERS];

    Net() {
      for (int i = 0; i < LAYERS; i++) {
        layers[i] = register("layer" + i, new Linear(SIDE, SIDE, false));
        layers[i].weight().set_data(torch.randn(SIDE, SIDE));
      }
    }

    Tensor forward(Tensor x) {
      for (Linear layer : layers) {
        x = layer.forward(x).tanh();
      }
      return x;
    }
  }

  /** Gradients held after the backward pass, and after the step. */
  private record Held(double afterBackward, double afterStep) {}

  @Test
  void oneGradientIsHeldForEachMaskedWeightAndNoSecond() {
    assumeThat(NativeBytes.areCounted()).isTrue();
    List<Held> tries = Stream.generate(MaskedMemoryTest::held).limit(3).toList();
    // One more of a single layer may wait for the next hook.
    assertThat(median(tries, Held::afterBackward))
        .as("gradients held after the backward pass")
        .isBetween(LAYERS - NOISE, LAYERS + 1 + NOISE);
    assertThat(median(tries, Held::afterStep))
        .as("gradients held after the step")
        .isBetween(LAYERS - NOISE, LAYERS + NOISE);
  }

  /** Of three: what earlier tests left may be freed during one of them. */
  private static double median(List<Held> tries, ToDoubleFunction<Held> figure) {
    return tries.stream().mapToDouble(figure).sorted().skip(1).findFirst().orElseThrow();
  }

  private static Held held() {
    try (var _ = new PointerScope()) {
      var net = new Net();
      var sgd = new SGD(Tensors.namedParameters(net).values(), SGD.options().lr(0.01));
      var algorithm =
          SparseEvolution.builder().sparsity(0.9).dropFraction(0.3).update(every(100)).build();
      try (SparseOptimizer optimizer = MaskedTraining.wrap(net, sgd, algorithm)) {
        long before = NativeBytes.inUseOnceSettled();
        try (var _ = new PointerScope()) {
          net.forward(torch.randn(8, SIDE)).sum().backward();
        }
        double afterBackward = (double) (NativeBytes.inUse() - before) / BYTES;
        optimizer.step();
        return new Held(afterBackward, (double) (NativeBytes.inUse() - before) / BYTES);
      }
    }
  }
}
