package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;

/**
 * initial · decayRate^(step / totalIters); Keras' {@code ExponentialDecay}.
 *
 * @param staircase round the exponent down, so that the value falls once in totalIters steps
 */
public record ExponentialDecay(
    @Key("initial_learning_rate") double initial,
    long totalIters,
    double decayRate,
    @Default("false") boolean staircase)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for an initial value that is not finite, and for a decayRate
   *     or totalIters of 0 or below
   */
  public ExponentialDecay {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.positive("total_iters", totalIters);
    ScheduleChecks.positive("decay_rate", decayRate);
  }

  @Override
  public double at(long step) {
    double exponent = (double) step / totalIters;
    return initial * Math.pow(decayRate, staircase ? Math.floor(exponent) : exponent);
  }
}
