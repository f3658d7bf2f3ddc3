package dev.filigree.schedule;

import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Half a cosine wave from {@code initial} to {@code minimum} that starts again and again, each time
 * {@code factor} times as long (Loshchilov and Hutter 2017, equation 5): PyTorch's {@code
 * CosineAnnealingWarmRestarts}.
 *
 * @param period steps of the first wave
 * @param factor whole, at least 1
 */
public record WarmRestarts(double initial, long period, long factor, double minimum)
    implements PiecewiseMonotone {
  public WarmRestarts {
    Checks.finite("initial_learning_rate", initial);
    Checks.positive("T_0", period);
    Checks.positive("T_mult", factor);
    Checks.finite("eta_min", minimum);
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

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.named(
        "CosineAnnealingWarmRestarts",
        "initial_learning_rate",
        initial,
        "T_0",
        period,
        "T_mult",
        factor,
        "eta_min",
        minimum);
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
