package dev.filigree.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Batch normalization over the channels of images (Ioffe and Szegedy 2015, <a
 * href="https://arxiv.org/abs/1502.03167">arXiv:1502.03167</a>): with the batch's own statistics in
 * training, with their running averages in evaluation.
 */
public final class BatchNorm2d extends Layer {
  /** The weight of the newest batch in the running averages. */
  private static final double MOMENTUM = 0.1;

  private static final double EPSILON = 1e-5;

  private final Tensor weight; // [channels]
  private final Tensor bias; // [channels]
  private final Tensor runningMean; // [channels]
  private final Tensor runningVariance; // [channels]

  /** Weight and running variance one, bias and running mean zero, all [channels]. */
  public BatchNorm2d(long channels) {
    weight = registerParameter("weight", Allocation.ones(channels));
    bias = registerParameter("bias", Allocation.zeros(channels));
    runningMean = registerBuffer("running_mean", Allocation.zeros(channels));
    runningVariance = registerBuffer("running_var", Allocation.ones(channels));
  }

  /**
   * Normalizes each channel.
   *
   * @param x [batch, channels, height, width]
   * @return [batch, channels, height, width]
   */
  public Tensor forward(Tensor x) {
    return torch.batch_norm(
        x,
        new TensorOptional(weight),
        new TensorOptional(bias),
        new TensorOptional(runningMean),
        new TensorOptional(runningVariance),
        is_training(),
        MOMENTUM,
        EPSILON,
        true);
  }
}
