package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The one door to replicas of a model that train in parallel. A training loop calls it as the
 * gradients of a step become complete and before they are clipped; the sparse wrapper calls it for
 * the dense gradients that a mask update needs. All replicas make the same calls in the same order:
 * they store their parameters in the same way, and every parameter takes part in every step on each
 * of them.
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

  /**
   * The mean over all replicas of each number, in float64.
   *
   * @param numbers as many on every replica
   */
  default double[] average(double... numbers) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor tensor = Tensors.float64(numbers);
      average(List.of(tensor));
      return Tensors.segment(tensor).toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  /**
   * Begins to put the mean over all replicas in the place of a tensor, which is not to be touched
   * until the returned action has run: it waits for the end.
   *
   * @param tensor contiguous, of the same number of elements and type on every replica
   */
  default Runnable begin(Tensor tensor) {
    average(List.of(tensor));
    return () -> {};
  }

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
      // There are no other replicas.
    }
  }
}
