package dev.filigree.nn;

import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The initial values of PyTorch's layers, number for number: with the same seed and the same layers
 * created in the same order, a program starts from the same weights.
 */
final class PytorchInit {
  private PytorchInit() {}

  /**
   * Uniform within ±1/√fanIn: the result of kaiming_uniform with a = √5, and the rule for biases.
   *
   * @param fanIn inputs of one output
   */
  static Tensor fanIn(long fanIn, Tensor tensor) {
    // As PyTorch computes it, in double: gain √(2 / (1 + a²)), std gain / √fanIn, bound √3 · std.
    double root = Math.sqrt((double) fanIn);
    double bound =
        tensor.dim() > 1
            ? Math.sqrt(3.0) * (Math.sqrt(2.0 / (1 + Math.pow(Math.sqrt(5), 2))) / root)
            : 1 / root;
    try (var _ = new NoGradGuard()) {
      if (fanIn == 0) {
        tensor.zero_();
      } else {
        tensor.uniform_(-bound, bound, new GeneratorOptional());
      }
    }
    return tensor; // the result of uniform_ borrows this tensor's memory
  }

  /** The standard normal distribution. */
  static Tensor normal(Tensor tensor) {
    try (var _ = new NoGradGuard()) {
      tensor.normal_(0, 1, new GeneratorOptional());
    }
    return tensor;
  }
}
