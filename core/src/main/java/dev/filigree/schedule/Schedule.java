package dev.filigree.schedule;

import java.util.Map;
import java.util.Optional;

/**
 * A value that depends on the step: a sparsity, a drop fraction, a learning rate.
 *
 * <p>A new schedule is one function of the step, {@code step -> 0.3 * Math.exp(-step / 1000.0)}.
 * Most schedules are pure; one that moves on at every mask update (a cycling list) overrides {@link
 * #advance}, {@link #state} and {@link #load}.
 */
@FunctionalInterface
public interface Schedule {
  /**
   * The value at a step.
   *
   * @param step optimizer steps finished, from 0
   */
  double at(long step);

  /** The extremes and the last value over the steps {@code first..last}, both included. */
  default Range range(long first, long last) {
    ScheduleChecks.steps(first, last);
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (long step = first; step <= last; step++) {
      double value = at(step);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    return new Range(min, max, at(last));
  }

  /** Called once after every mask update that read this schedule. */
  default void advance() {}

  /** What {@link #load} needs to continue: names to numbers, texts, lists. Empty when pure. */
  default Map<String, Object> state() {
    return Map.of();
  }

  /**
   * Continues from a saved state.
   *
   * @throws IllegalArgumentException when the state is not one of this schedule
   */
  default void load(Map<String, Object> state) {
    if (!state.isEmpty()) {
      throw new IllegalArgumentException(describe() + " has no state, found " + state.keySet());
    }
  }

  /**
   * The schedule as configuration: a number, a list or a map that {@link Schedules#parse} or {@link
   * LearningRates#parse} reads back. A record that is registered with one of them has its form from
   * its components; empty for a schedule that exists as code only.
   */
  default Optional<Object> toConfig() {
    return ConfigForm.of(this);
  }

  /**
   * The schedule in one line of YAML, {@code {type: cosine, init: 0.5, ...}}; {@code (code)}
   * without a form.
   */
  default String describe() {
    return ConfigForm.text(toConfig());
  }

  /** Minimum, maximum and last value over a range of steps. */
  record Range(double min, double max, double end) {}
}
