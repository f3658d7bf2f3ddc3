package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;

/**
 * initial · scale / √max(step, warmupSteps): flat for the warm-up, then falling (Vaswani et al.
 * 2017, section 5.3, without its linear rise).
 */
public record InverseSquareRootDecay(
    @Key("initial_learning_rate") @Default("1") double initial,
    @Default("1") double scale,
    @Default("1") double warmupSteps)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for an initial value or scale that is not finite, and for a
   *     warmupSteps of 0 or below
   */
  public InverseSquareRootDecay {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.finite("scale", scale);
    ScheduleChecks.positive("warmup_steps", warmupSteps);
  }

  @Override
  public double at(long step) {
    return initial * scale / Math.sqrt(Math.max((double) step, warmupSteps));
  }
}
