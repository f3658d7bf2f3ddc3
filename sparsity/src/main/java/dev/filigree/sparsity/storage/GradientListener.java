package dev.filigree.sparsity.storage;

import org.bytedeco.pytorch.Tensor;

/**
 * Hears of a weight's gradients, of those too of weights that do not exist. Called without gradient
 * recording, in a pointer scope of the call's own.
 */
public interface GradientListener {
  /** Whether the gradients of the backward pass to come are wanted: computing them costs time. */
  boolean wantsGradient();

  /**
   * Takes the gradient of one backward pass.
   *
   * @param dense of the weight's shape; not to be changed, nor kept without a copy
   */
  void gradient(Tensor dense);
}
