package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;

/**
 * initial / (1 + decayRate · step^exponent / totalIters); Keras' {@code InverseTimeDecay} with an
 * exponent.
 *
 * @param staircase round step^exponent / totalIters down
 */
public record InverseTimeDecay(
    @Key("initial_learning_rate") double initial,
    @Key("step_exponent") double exponent,
    long totalIters,
    double decayRate,
    @Default("false") boolean staircase)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for an initial value that is not finite, a negative exponent
   *     or decayRate, or a totalIters of 0 or below
   */
  public InverseTimeDecay {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.notNegative("step_exponent", exponent);
    ScheduleChecks.positive("total_iters", totalIters);
    ScheduleChecks.notNegative("decay_rate", decayRate);
  }

  @Override
  public double at(long step) {
    double time = Math.pow((double) step, exponent) / totalIters;
    return initial / (1 + decayRate * (staircase ? Math.floor(time) : time));
  }
}
