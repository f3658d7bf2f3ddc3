package dev.filigree.schedule;

import dev.filigree.config.Key;
import java.util.List;

/**
 * The first schedule times the course of the others: each of them counts relative to its own
 * initial value. A range of it visits every step.
 *
 * @param parts schedules without state; none but the first starts at 0
 */
public record Chained(@Key("schedulers") List<Schedule> parts) implements Schedule {
  /**
   * A chain with a copy of its parts.
   *
   * @throws IllegalArgumentException without parts, for a part with state, or for a part after the
   *     first that starts at 0
   */
  public Chained {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("a chain needs at least one schedule");
    }
    ScheduleChecks.pure(parts);
    for (Schedule part : parts.subList(1, parts.size())) {
      if (initial(part) == 0) {
        throw new IllegalArgumentException(
            part.describe() + " starts at 0 and has no course relative to that: put it first");
      }
    }
    parts = List.copyOf(parts);
  }

  @Override
  public double at(long step) {
    double value = parts.getFirst().at(step);
    for (Schedule part : parts.subList(1, parts.size())) {
      value *= part.at(step) / initial(part);
    }
    return value;
  }

  private static double initial(Schedule part) {
    // Its value at step 0 is scaled already.
    return part instanceof InverseSquareRootDecay decay ? decay.initial() : part.at(0);
  }
}
