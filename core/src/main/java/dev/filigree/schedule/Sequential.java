package dev.filigree.schedule;

import dev.filigree.config.Key;
import java.util.Collections;
import java.util.List;

/**
 * One schedule after another. From its milestone on each part counts its own steps from 0.
 *
 * @param parts schedules without state
 * @param milestones rising steps, one less than there are parts
 */
public record Sequential(@Key("schedulers") List<Schedule> parts, List<Long> milestones)
    implements Schedule {
  /**
   * A schedule with copies of both lists.
   *
   * @throws IllegalArgumentException for a part with state, milestones that do not rise from above
   *     0, or not one milestone fewer than parts
   */
  public Sequential {
    ScheduleChecks.pure(parts);
    ScheduleChecks.milestones(milestones, parts.size());
    parts = List.copyOf(parts);
    milestones = List.copyOf(milestones);
  }

  @Override
  public double at(long step) {
    int part = partAt(step);
    return parts.get(part).at(step - start(part));
  }

  @Override
  public Range range(long first, long last) {
    ScheduleChecks.steps(first, last);
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    int lastPart = partAt(last);
    for (int part = partAt(first); part <= lastPart; part++) {
      long start = start(part);
      long end = part == lastPart ? last : milestones.get(part) - 1;
      Range range = parts.get(part).range(Math.max(first, start) - start, end - start);
      min = Math.min(min, range.min());
      max = Math.max(max, range.max());
    }
    return new Range(min, max, at(last));
  }

  private int partAt(long step) {
    int found = Collections.binarySearch(milestones, step);
    return found >= 0 ? found + 1 : -found - 1;
  }

  private long start(int part) {
    return part == 0 ? 0 : milestones.get(part - 1);
  }
}
