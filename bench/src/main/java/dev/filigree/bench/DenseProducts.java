package dev.filigree.bench;

import dev.filigree.bench.KernelRow.Kernel;
import dev.filigree.bench.KernelSettings.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The products of a dense linear layer by OpenBLAS and by oneDNN. What oneDNN needs is brought into
 * its layout beforehand and is not timed.
 */
final class DenseProducts {
  private final Map<Kernel, List<Rival>> rivals = new EnumMap<>(Kernel.class);

  private record Rival(String engine, Runnable product, List<Double> seconds) {}

  /** The least time of a product, and who took it. */
  record Best(double seconds, String engine) {}

  DenseProducts(Shape shape) {
    Tensor x = torch.randn(shape.tokens(), shape.in());
    Tensor w = torch.randn(shape.out(), shape.in());
    Tensor dy = torch.randn(shape.tokens(), shape.out());
    add(Kernel.FORWARD, "OpenBLAS", () -> torch.linear(x, w));
    add(Kernel.INPUT_GRADIENT, "OpenBLAS", () -> torch.mm(dy, w));
    add(Kernel.WEIGHT_GRADIENT, "OpenBLAS", () -> torch.mm(dy.t(), x));
    addOneDnn(Kernel.FORWARD, x, w);
    addOneDnn(Kernel.INPUT_GRADIENT, dy, w.t().contiguous());
    addOneDnn(Kernel.WEIGHT_GRADIENT, dy.t().contiguous(), x.t().contiguous());
  }

  private void addOneDnn(Kernel kernel, Tensor left, Tensor right) {
    Tensor a = left.to_mkldnn();
    Tensor b = right.to_mkldnn();
    add(kernel, "oneDNN", () -> torch.mkldnn_linear(a, b, new TensorOptional()));
  }

  private void add(Kernel kernel, String engine, Runnable product) {
    rivals
        .computeIfAbsent(kernel, _ -> new ArrayList<>())
        .add(new Rival(engine, product, new ArrayList<>()));
  }

  /** Times each product once. */
  void round() {
    for (List<Rival> ofKernel : rivals.values()) {
      for (Rival rival : ofKernel) {
        try (var _ = new PointerScope();
            var _ = new NoGradGuard()) {
          long start = System.nanoTime();
          rival.product.run();
          rival.seconds.add((System.nanoTime() - start) / 1e9);
        }
      }
    }
  }

  /** The shortest of the rounds since {@link #forget}. */
  Best best(Kernel kernel) {
    var best = new Best(Double.POSITIVE_INFINITY, "");
    for (Rival rival : java.util.Objects.requireNonNull(rivals.get(kernel))) {
      for (double seconds : rival.seconds) {
        if (seconds < best.seconds) {
          best = new Best(seconds, rival.engine);
        }
      }
    }
    return best;
  }

  /** Leaves out the rounds until now. */
  void forget() {
    rivals.values().forEach(list -> list.forEach(rival -> rival.seconds.clear()));
  }
}
