package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;

/**
 * An exponential approach: last + (init − last) · e^(gamma · step).
 *
 * @param gamma the rate per step; negative, so that the value approaches {@code last}
 * @param last the value approached; {@code final} in configuration
 */
public record Exponential(double init, double gamma, @Key("final") @Default("1") double last)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a number that is not finite
   */
  public Exponential {
    ScheduleChecks.finite("init", init);
    ScheduleChecks.finite("gamma", gamma);
    ScheduleChecks.finite("final", last);
  }

  @Override
  public double at(long step) {
    return last + (init - last) * Math.exp(gamma * step);
  }
}
