package dev.filigree.sparsity;

/**
 * Passes through a network that choose its first masks, see {@link
 * SparseOptimizer#chooseInitialMasks}. Each leaves gradients to add up.
 */
@FunctionalInterface
public interface CalibrationPasses {
  /**
   * A forward and a backward pass of the loss over one of the calibration batches, always the same
   * for the same number.
   *
   * @param batch from 0
   */
  void loss(int batch);

  /** A backward pass of the sum of the network's outputs, for an input of ones: for SynFlow. */
  default void outputs() {
    throw new UnsupportedOperationException(
        "this initial mask needs the network's outputs: override CalibrationPasses.outputs()");
  }
}
