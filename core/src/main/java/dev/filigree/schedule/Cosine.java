package dev.filigree.schedule;

import dev.filigree.config.Default;
import java.util.stream.LongStream;

/**
 * Half a cosine wave from {@code init} to {@code minimum}: minimum + (init − minimum) · (1 + cos(π
 * · step / halfPeriod)) / 2. After it the value stays at the minimum; a {@code cyclic} one rises
 * again, back at {@code init} after two half periods, and so on.
 *
 * @param halfPeriod steps from init to minimum
 */
public record Cosine(
    double init, double halfPeriod, @Default("0") double minimum, @Default("false") boolean cyclic)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a value that is not finite, and for a halfPeriod of 0 or
   *     below
   */
  public Cosine {
    ScheduleChecks.finite("init", init);
    ScheduleChecks.positive("half_period", halfPeriod);
    ScheduleChecks.finite("minimum", minimum);
  }

  /** The same schedule that goes on as a wave after its half period. */
  public Cosine repeated() {
    return new Cosine(init, halfPeriod, minimum, true);
  }

  @Override
  public double at(long step) {
    if (!cyclic && step >= halfPeriod) {
      return minimum;
    }
    double phase = Math.PI * (step % (2 * halfPeriod) / halfPeriod);
    return minimum + (init - minimum) * (1 + Math.cos(phase)) / 2;
  }

  @Override
  public LongStream turns(long first, long last) {
    return cyclic ? PiecewiseMonotone.multiples(halfPeriod, first, last) : LongStream.empty();
  }
}
