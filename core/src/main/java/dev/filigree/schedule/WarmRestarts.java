package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;
import java.util.stream.LongStream;

/**
 * Half a cosine wave from {@code initial} to {@code minimum} that starts again and again, each time
 * {@code factor} times as long (Loshchilov and Hutter 2017, equation 5): PyTorch's {@code
 * CosineAnnealingWarmRestarts}.
 *
 * @param period steps of the first wave
 * @param factor whole, at least 1
 */
public record WarmRestarts(
    @Key("initial_learning_rate") double initial,
    @Key("T_0") long period,
    @Key("T_mult") @Default("1") long factor,
    @Key("eta_min") @Default("0") double minimum)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a value that is not finite, and for a period or factor
   *     below 1
   */
  public WarmRestarts {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.positive("T_0", period);
    ScheduleChecks.positive("T_mult", factor);
    ScheduleChecks.finite("eta_min", minimum);
  }

  @Override
  public double at(long step) {
    long length = period;
    long passed = step;
    if (factor == 1) {
      passed %= period;
    } else {
      while (passed >= length) {
        passed -= length;
        length *= factor;
      }
    }
    return minimum + (initial - minimum) * (1 + Math.cos(Math.PI * passed / length)) / 2;
  }

  @Override
  public LongStream turns(long first, long last) {
    return factor == 1
        ? PiecewiseMonotone.multiples((double) period, first, last)
        : LongStream.iterate(
            period, restart -> restart <= last, restart -> restart * factor + period);
  }
}
