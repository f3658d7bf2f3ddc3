package dev.filigree.nn;

import dev.filigree.torch.Aten;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Root mean square normalization, x / √(mean(x²) + ε) · w (Zhang and Sennrich 2019, <a
 * href="https://arxiv.org/abs/1910.07467">arXiv:1910.07467</a>, equation 4), computed in float32
 * whatever the type of x.
 */
public final class RmsNorm extends Layer {
  private static final Aten FUSED = Aten.of("_fused_rms_norm", "");

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
    if (x.is_cuda() && Tensors.type(x) == ScalarType.BFloat16) {
      // One pass over memory; libtorch fuses it only when the weight has the type of x.
      return FUSED.callForTensor(x, normalized, weight.to(ScalarType.BFloat16), epsilon);
    }
    return torch.rms_norm(x, normalized, new TensorOptional(weight), new DoubleOptional(epsilon));
  }
}
