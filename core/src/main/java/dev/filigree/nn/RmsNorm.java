package dev.filigree.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Root mean square normalization, x / √(mean(x²) + ε) · w (Zhang and Sennrich 2019, <a
 * href="https://arxiv.org/abs/1910.07467">arXiv:1910.07467</a>, equation 4), computed in float32
 * whatever the type of x.
 */
public final class RmsNorm extends Layer {
  private final Tensor weight; // [size]
  private final double epsilon;

  /** Weight one, [size]; {@code epsilon} is added to the mean square. */
  public RmsNorm(long size, double epsilon) {
    weight = registerParameter("weight", Allocation.ones(size));
    this.epsilon = epsilon;
  }

  /**
   * Normalizes over the last dimension.
   *
   * @param x [..., size]
   * @return [..., size]
   */
  public Tensor forward(Tensor x) {
    long[] normalized = {weight.size(0)};
    return torch.rms_norm(x, normalized, new TensorOptional(weight), new DoubleOptional(epsilon));
  }
}
