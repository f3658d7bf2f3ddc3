package dev.filigree.schedule;

import java.util.List;

/**
 * A schedule times a factor.
 *
 * @param schedule a schedule without state
 * @param factor at least 0
 */
public record Scaled(Schedule schedule, double factor) implements Schedule {
  public Scaled {
    Checks.pure(List.of(schedule));
    Checks.notNegative("factor", factor);
  }

  @Override
  public double at(long step) {
    return factor * schedule.at(step);
  }

  @Override
  public Range range(long first, long last) {
    Range range = schedule.range(first, last);
    return new Range(factor * range.min(), factor * range.max(), factor * range.end());
  }

  @Override
  public String toString() {
    return factor + " * " + schedule;
  }
}
