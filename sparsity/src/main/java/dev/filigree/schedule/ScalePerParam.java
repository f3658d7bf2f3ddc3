package dev.filigree.schedule;

import java.util.List;
import java.util.Optional;

/**
 * A schedule that each parameter group follows at a scale of its own, as maximal update
 * parametrization asks (Yang et al. 2022). By itself it is the schedule of scale 1.
 *
 * @param schedule a schedule without state
 */
public record ScalePerParam(Schedule schedule) implements Schedule {
  public ScalePerParam {
    Checks.pure(List.of(schedule));
  }

  /**
   * The schedule of one parameter group.
   *
   * @param adjustLearningRate the group's factor, {@code adjust_learning_rate} in configuration
   */
  public Schedule forGroup(double adjustLearningRate) {
    return new Scaled(schedule, adjustLearningRate);
  }

  @Override
  public double at(long step) {
    return schedule.at(step);
  }

  @Override
  public Range range(long first, long last) {
    return schedule.range(first, last);
  }

  @Override
  public Optional<Object> toConfig() {
    return schedule
        .toConfig()
        .flatMap(form -> ConfigForm.named("ScalePerParamLR", "scheduler", form));
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
