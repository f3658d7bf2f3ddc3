package dev.filigree.sparsity.algorithm;

import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * What an algorithm needs to know about a weight besides its values and the optimizer's state. It
 * is gathered in the steps before an update only, except for {@link Momentum}.
 */
public sealed interface Evidence {
  /**
   * Whether a step computes the gradients of weights that do not exist.
   *
   * @param step from 1
   * @param isUpdate whether masks are updated once so many steps are finished
   */
  default boolean gathersIn(long step, LongPredicate isUpdate) {
    return switch (this) {
      case Gradient(int steps) -> LongStream.range(step, step + steps).anyMatch(isUpdate);
      case Momentum _ -> true;
      case None _, InputNorms _ -> false;
    };
  }

  /** Nothing: the values and the optimizer's state are enough. */
  record None() implements Evidence {}

  /**
   * The gradient of every weight, including those that do not exist: the mean over the last steps
   * before an update, or over those since the last update where these are fewer, over all
   * micro-batches and replicas. That of a single step is for growth scores only: it is used as it
   * arrives, before the optimizer's step; for a {@link MaskChoice} it is kept until after it.
   *
   * @param steps how many, at least 1
   */
  record Gradient(int steps) implements Evidence {
    /**
     * @throws IllegalArgumentException for less than one step
     */
    public Gradient {
      if (steps < 1) {
        throw new IllegalArgumentException(
            "evidence of at least 1 step of gradients, found " + steps);
      }
    }
  }

  /**
   * The exponential moving average of the gradient of every weight, including those that do not
   * exist: m ← β·m + (1 − β)·g at every step, which costs a dense tensor per weight.
   *
   * @param beta the decay rate of the average, in [0, 1)
   */
  record Momentum(double beta) implements Evidence {
    /**
     * @throws IllegalArgumentException for a beta outside [0, 1)
     */
    public Momentum {
      if (!(beta >= 0 && beta < 1)) {
        throw new IllegalArgumentException("beta lies in [0, 1), found " + beta);
      }
    }
  }

  /**
   * The root mean square of every input feature of a {@link dev.filigree.nn.Linear} layer over the
   * tokens of the step before an update.
   */
  record InputNorms() implements Evidence {}

  /** Nothing is gathered. */
  static Evidence none() {
    return new None();
  }

  /** The gradient of the step before an update. */
  static Evidence gradient() {
    return new Gradient(1);
  }

  /** The mean gradient of the last steps before an update. */
  static Evidence gradient(int steps) {
    return new Gradient(steps);
  }

  /**
   * A running average of the dense gradient, over all steps.
   *
   * @param beta its decay rate, in [0, 1)
   */
  static Evidence momentum(double beta) {
    return new Momentum(beta);
  }

  /** Norms of the layer's inputs, over the tokens of the step before an update. */
  static Evidence inputNorms() {
    return new InputNorms();
  }
}
