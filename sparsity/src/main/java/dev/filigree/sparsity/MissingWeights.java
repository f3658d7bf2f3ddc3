package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * The places of a parameter where a weight may grow, as the score of a growth sees them. All
 * tensors have the same shape, which depends on the execution (the weight's own, or a block of its
 * rows): compute elementwise. Scores where a weight exists are ignored.
 */
public interface MissingWeights {
  /**
   * The dense gradient of before the optimizer step, summed over its micro-batches. There only for
   * algorithms that say {@link SparsityAlgorithm#growsByGradient}.
   */
  Tensor gradient();

  /** Uniform random numbers in [0, 1), float32, the same in every execution and replica. */
  Tensor random();

  /** Equal scores for all: the tie break decides. */
  Tensor zeros();
}
