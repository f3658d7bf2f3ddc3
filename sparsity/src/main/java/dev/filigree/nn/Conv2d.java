package dev.filigree.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A convolution over pictures, with square kernels and a weight [out_channels, in_channels, kernel,
 * kernel].
 */
public final class Conv2d extends WeightedLayer {
  private final @Nullable Tensor bias; // [out_channels]
  private final long stride;
  private final long padding;

  /** A layer with zero weights: initialising or loading them is the model's part. */
  public Conv2d(
      long inChannels, long outChannels, long kernel, long stride, long padding, boolean withBias) {
    super(torch.zeros(outChannels, inChannels, kernel, kernel));
    bias = withBias ? registerParameter("bias", torch.zeros(outChannels)) : null;
    this.stride = stride;
    this.padding = padding;
  }

  /**
   * Applies the layer.
   *
   * @param x [batch, in_channels, height, width]
   * @return [batch, out_channels, height', width']
   */
  public Tensor forward(Tensor x) {
    tellOf(x);
    return torch.conv2d(
        x,
        effectiveWeight(),
        bias == null ? new TensorOptional() : new TensorOptional(bias),
        new long[] {stride, stride},
        new long[] {padding, padding},
        new long[] {1, 1},
        1);
  }
}
