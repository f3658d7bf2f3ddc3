package dev.filigree.schedule;

import dev.filigree.config.Records;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Updates at exactly these steps.
 *
 * @param steps kept sorted, each once
 */
public record AtSteps(List<Long> steps) implements UpdateSchedule {
  /**
   * A schedule with the steps sorted.
   *
   * @throws IllegalArgumentException without steps, and for a negative one
   */
  public AtSteps {
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("no steps: nothing is ever updated");
    }
    steps.forEach(step -> ScheduleChecks.notNegative("step", step));
    steps = steps.stream().sorted().distinct().toList();
  }

  @Override
  public boolean isUpdate(long step) {
    return Collections.binarySearch(steps, step) >= 0;
  }

  @Override
  public Optional<Object> toConfig() {
    return Optional.of(Records.write(this));
  }
}
