package dev.filigree.schedule;

import java.util.stream.LongStream;

/**
 * A schedule that only rises or only falls between a few turns, so that its extremes over a range
 * are found without visiting every step.
 */
interface PiecewiseMonotone extends Schedule {
  /**
   * Steps at or beside which the direction may change, or the value jump. They may lie outside the
   * range, and one too many does no harm.
   */
  default LongStream turns(long first, long last) {
    return LongStream.empty();
  }

  @Override
  default Range range(long first, long last) {
    ScheduleChecks.steps(first, last);
    var around = turns(first, last).flatMap(turn -> LongStream.rangeClosed(turn - 1, turn + 1));
    var values =
        LongStream.concat(LongStream.of(first, last), around)
            .filter(step -> step >= first && step <= last)
            .mapToDouble(this::at)
            .summaryStatistics();
    return new Range(values.getMin(), values.getMax(), at(last));
  }

  /** The multiples of a period, rounded down, from the last one before a range to its end. */
  static LongStream multiples(double period, long first, long last) {
    long from = (long) Math.floor(first / period);
    long to = (long) Math.ceil(last / period);
    return LongStream.rangeClosed(from, to).map(i -> (long) Math.floor(i * period));
  }
}
