package dev.filigree.optim;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The one door to replicas of a model that train in parallel. A training loop calls it once the
 * gradients of a step are complete and before they are clipped; the sparse wrapper calls it for the
 * dense gradients that a mask update needs. All replicas make the same calls in the same order:
 * they store their parameters alike, and every parameter takes part in every step on each of them.
 */
@FunctionalInterface
public interface GradientExchange {
  /**
   * Puts the mean over all replicas in the place of each tensor.
   *
   * @param tensors of the same number, shapes and floating point types on every replica; those of
   *     one call may differ in type
   */
  void average(List<Tensor> tensors);

  /** One process by itself: always the same object. */
  static GradientExchange none() {
    return None.INSTANCE;
  }

  /** See {@link #none}. */
  enum None implements GradientExchange {
    /** The only one. */
    INSTANCE;

    @Override
    public void average(List<Tensor> tensors) {
      // There is nobody else.
    }
  }
}
