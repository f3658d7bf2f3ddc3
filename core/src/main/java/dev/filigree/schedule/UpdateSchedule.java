package dev.filigree.schedule;

import java.util.Optional;

/** The steps at which masks are updated. */
@FunctionalInterface
public interface UpdateSchedule {
  /**
   * Whether masks are updated once {@code step} optimizer steps are finished.
   *
   * @param step optimizer steps finished, from 0
   */
  boolean isUpdate(long step);

  /** Before this step nothing is sparse yet; 0 where parameters are sparse from the beginning. */
  default long start() {
    return 0;
  }

  /**
   * The schedule as configuration: a map that {@link UpdateSchedules#parse} reads back. Empty for a
   * schedule that exists as code only.
   */
  default Optional<Object> toConfig() {
    return Optional.empty();
  }

  /**
   * The schedule in one line of YAML, {@code {freq: 100, start: 0}}; {@code (code)} without a form.
   */
  default String describe() {
    return ConfigForm.text(toConfig());
  }
}
