package dev.filigree.schedule;

/**
 * A straight line: init + slope · step. It has no end; a sparsity is clamped to [0, 1] where it is
 * used.
 *
 * @param slope the change per step
 */
public record LinearRamp(double init, double slope) implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a number that is not finite
   */
  public LinearRamp {
    ScheduleChecks.finite("init", init);
    ScheduleChecks.finite("slope", slope);
  }

  @Override
  public double at(long step) {
    return init + slope * step;
  }
}
