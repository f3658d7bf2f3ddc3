package dev.filigree.mask;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An initial mask that is chosen by passes through the whole network, before the first step: until
 * then every weight exists. {@link Snip}, {@link Grasp} and {@link SynFlow} are such.
 */
public interface CalibratedMask extends InitialMask {
  /**
   * The scores of all weights, in the order of {@link Calibration#weights}; the largest stay. What
   * it changes in the network it puts back.
   */
  List<Tensor> scores(Calibration calibration);

  /**
   * What the scores take: passes forward and backward through the whole network.
   *
   * @param batches passes over all samples of a training step
   * @param samples passes over a single sample
   */
  record Passes(long batches, long samples) {}

  /** How many passes {@link #scores} makes. */
  Passes passes();

  /** Every weight, until the network is calibrated. */
  @Override
  default Tensor create(Request request) {
    return torch.ones_like(request.weight()).to(ScalarType.Bool);
  }

  /** Refuses a number of passes below 1. */
  static int requirePositive(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + " must be at least 1, found " + value);
    }
    return value;
  }
}
