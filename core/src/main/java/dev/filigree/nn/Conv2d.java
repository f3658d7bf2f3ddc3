package dev.filigree.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A convolution over images, with square kernels and a weight [out_channels, in_channels, kernel,
 * kernel].
 */
public final class Conv2d extends WeightedLayer {
  private static final long BLOCK = 16;

  private final @Nullable Tensor bias; // [out_channels]
  private final long stride;
  private final long padding;

  /**
   * A layer with PyTorch's initial values: weight and bias uniform within ±1/√(in_channels ·
   * kernel²), drawn from libtorch's generator ({@code torch.manual_seed}).
   */
  public Conv2d(
      long inChannels, long outChannels, long kernel, long stride, long padding, boolean withBias) {
    this(
        PytorchInit.fanIn(
            inChannels * kernel * kernel,
            Allocation.empty(outChannels, inChannels, kernel, kernel)),
        withBias
            ? PytorchInit.fanIn(inChannels * kernel * kernel, Allocation.empty(outChannels))
            : null,
        stride,
        padding);
  }

  private Conv2d(Tensor weight, @Nullable Tensor bias, long stride, long padding) {
    super(weight);
    this.bias = bias == null ? null : registerParameter("bias", bias);
    this.stride = stride;
    this.padding = padding;
  }

  /** A layer of zeros, for a model that initialises or loads its parameters itself. */
  public static Conv2d zeros(
      long inChannels, long outChannels, long kernel, long stride, long padding, boolean withBias) {
    return new Conv2d(
        Allocation.zeros(outChannels, inChannels, kernel, kernel),
        withBias ? Allocation.zeros(outChannels) : null,
        stride,
        padding);
  }

  /**
   * Applies the layer.
   *
   * @param x [batch, in_channels, height, width]
   * @return [batch, out_channels, height', width']
   */
  public Tensor forward(Tensor x) {
    Tensor multiplied = effectiveWeight(); // [out, in, kernel, kernel]
    TensorOptional added = bias == null ? new TensorOptional() : new TensorOptional(bias);
    long[] strides = {stride, stride};
    long[] paddings = {padding, padding};
    if (x.is_cpu() && !fillsBlocks(multiplied)) {
      long[] kernel = {multiplied.size(2), multiplied.size(3)};
      return torch.thnn_conv2d(x, multiplied, kernel, added, strides, paddings);
    }
    return torch.conv2d(x, multiplied, added, strides, paddings, new long[] {1, 1}, 1);
  }

  /**
   * Whether oneDNN may convolve. On AVX-512 it computes in blocks of 16 channels, and libtorch
   * 2.10's version reads uninitialized memory where a block is not full, which now and then gives
   * NaN in outputs and gradients.
   */
  private static boolean fillsBlocks(Tensor weight) {
    long out = weight.size(0);
    long in = weight.size(1);
    return out % BLOCK == 0 && (in % BLOCK == 0 || in < BLOCK);
  }
}
