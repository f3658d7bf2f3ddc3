package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
    if (!x.is_cuda() || Tensors.type(x) != ScalarType.BFloat16) {
      return normalized(x, weight, bias);
    }
    // It sums in float32 anyway; autocast would write x and the result in float32 too.
    boolean autocast = torch.is_autocast_enabled(DeviceType.CUDA);
    torch.set_autocast_enabled(DeviceType.CUDA, false);
    try {
      return normalized(x, weight.to(ScalarType.BFloat16), bias.to(ScalarType.BFloat16));
    } finally {
      torch.set_autocast_enabled(DeviceType.CUDA, autocast);
    }
  }

  private Tensor normalized(Tensor x, Tensor scale, Tensor shift) {
    long[] size = {weight.size(0)};
    return torch.layer_norm(
        x, size, new TensorOptional(scale), new TensorOptional(shift), epsilon, true);
  }
}
