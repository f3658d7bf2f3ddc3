package dev.filigree.schedule;

import dev.filigree.config.Default;

/**
 * JaxPruner's polynomial rise from 0: target · (1 − (1 − p)^power), with p = (step + 1 − start) /
 * (end − start) clipped to [0, 1].
 *
 * @param target the value at the end
 * @param power the exponent, above 0
 */
public record Polynomial(
    double target, @Default("0") long start, long end, @Default("3") double power)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a target that is not finite, a negative start, a power of
   *     0 or below, or an end that is not above the start
   */
  public Polynomial {
    ScheduleChecks.finite("target", target);
    ScheduleChecks.notNegative("start", start);
    ScheduleChecks.positive("power", power);
    if (end <= start) {
      throw new IllegalArgumentException("end must be above start " + start + ", found " + end);
    }
  }

  @Override
  public double at(long step) {
    double progress = Math.clamp((double) (step + 1 - start) / (end - start), 0.0, 1.0);
    return target * (1 - Math.pow(1 - progress, power));
  }
}
