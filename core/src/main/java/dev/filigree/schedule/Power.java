package dev.filigree.schedule;

/**
 * A geometric series: init · beta^step. PyTorch's {@code ExponentialLR} and the Model Zoo's {@code
 * MultiplicativeLR} are this too.
 *
 * @param beta the factor per step, at least 0
 */
public record Power(double init, double beta) implements PiecewiseMonotone {
  /**
   * A schedule with both numbers.
   *
   * @throws IllegalArgumentException for an init that is not finite, and for a negative beta
   */
  public Power {
    ScheduleChecks.finite("init", init);
    ScheduleChecks.notNegative("beta", beta);
  }

  @Override
  public double at(long step) {
    return init * Math.pow(beta, (double) step);
  }
}
