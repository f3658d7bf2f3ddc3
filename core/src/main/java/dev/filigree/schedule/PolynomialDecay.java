package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;
import java.util.stream.LongStream;

/**
 * From one value to another along a polynomial: end + (initial − end) · (1 − step /
 * totalIters)^power, and {@code end} after it. Power 1 is a straight line, up as well as down.
 * Keras' {@code PolynomialDecay}.
 *
 * @param cycle once the end is reached, start again from the value that the same polynomial has
 *     over twice, three times, ... the steps; the Model Zoo's library knows the key, but stays at
 *     the end
 */
public record PolynomialDecay(
    @Key("initial_learning_rate") double initial,
    @Key("end_learning_rate") double end,
    long totalIters,
    @Default("1") double power,
    @Default("false") boolean cycle)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a value that is not finite, and for a power or totalIters
   *     of 0 or below
   */
  public PolynomialDecay {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.finite("end_learning_rate", end);
    ScheduleChecks.positive("total_iters", totalIters);
    ScheduleChecks.positive("power", power);
  }

  @Override
  public double at(long step) {
    long cycles = cycle ? Math.max(1, Math.ceilDiv(step, totalIters)) : 1;
    double left = Math.max(0, 1 - step / ((double) totalIters * cycles));
    return end + (initial - end) * Math.pow(left, power);
  }

  @Override
  public LongStream turns(long first, long last) {
    return cycle
        ? PiecewiseMonotone.multiples((double) totalIters, first, last)
        : LongStream.empty();
  }
}
