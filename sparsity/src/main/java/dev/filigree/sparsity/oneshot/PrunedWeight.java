package dev.filigree.sparsity.oneshot;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What is left of a weight.
 *
 * @param weight of the old one's shape, zero outside the mask
 * @param mask bool of the same shape, true where a weight exists
 */
public record PrunedWeight(Tensor weight, Tensor mask) {
  /** The weights of a mask as they were. */
  static PrunedWeight kept(Tensor weight, Tensor mask) {
    return new PrunedWeight(weight.masked_fill(mask.logical_not(), new Scalar(0.0)), mask);
  }
}
