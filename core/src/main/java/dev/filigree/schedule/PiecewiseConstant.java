package dev.filigree.schedule;

import dev.filigree.config.Key;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/**
 * One value after another, a new one from each milestone on.
 *
 * @param values one more than there are milestones
 * @param milestones rising steps
 */
public record PiecewiseConstant(@Key("learning_rates") List<Double> values, List<Long> milestones)
    implements PiecewiseMonotone {
  /**
   * A schedule with copies of both lists.
   *
   * @throws IllegalArgumentException for a value that is not finite, milestones that do not rise
   *     from above 0, or not one milestone fewer than values
   */
  public PiecewiseConstant {
    values.forEach(value -> ScheduleChecks.finite("learning rate", value));
    ScheduleChecks.milestones(milestones, values.size());
    values = List.copyOf(values);
    milestones = List.copyOf(milestones);
  }

  @Override
  public double at(long step) {
    int found = Collections.binarySearch(milestones, step);
    return values.get(found >= 0 ? found + 1 : -found - 1);
  }

  @Override
  public LongStream turns(long first, long last) {
    return milestones.stream().mapToLong(Long::longValue);
  }
}
