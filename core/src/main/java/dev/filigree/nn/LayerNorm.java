package dev.filigree.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Layer normalization, (x − mean) / √(variance + ε) · w + b (Ba et al. 2016, <a
 * href="https://arxiv.org/abs/1607.06450">arXiv:1607.06450</a>).
 */
public final class LayerNorm extends Layer {
  private final Tensor weight; // [size]
  private final Tensor bias; // [size]
  private final double epsilon;

  /** Weight one and bias zero, both [size]; {@code epsilon} is added to the variance. */
  public LayerNorm(long size, double epsilon) {
    weight = registerParameter("weight", Allocation.ones(size));
    bias = registerParameter("bias", Allocation.zeros(size));
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
    return torch.layer_norm(
        x, normalized, new TensorOptional(weight), new TensorOptional(bias), epsilon, true);
  }
}
