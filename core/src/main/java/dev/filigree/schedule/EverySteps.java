package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Records;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Updates at a regular interval: at the steps t with t ≥ start, (t − start) mod freq = 0 and, where
 * there is a stop, t &lt; stop.
 */
public record EverySteps(long freq, @Default("0") long start, OptionalLong stop)
    implements UpdateSchedule {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a freq below 1, a negative start or a stop that is not
   *     above the start
   */
  public EverySteps {
    ScheduleChecks.positive("freq", freq);
    ScheduleChecks.notNegative("start", start);
    if (stop.isPresent() && stop.getAsLong() <= start) {
      throw new IllegalArgumentException(
          "stop must be above start "
              + start
              + " or nothing is ever updated, found "
              + stop.getAsLong());
    }
  }

  /** The same interval, counted from a step on. */
  public EverySteps from(long step) {
    return new EverySteps(freq, step, stop);
  }

  /** The same interval, up to a step that is no update any more. */
  public EverySteps until(long step) {
    return new EverySteps(freq, start, OptionalLong.of(step));
  }

  @Override
  public boolean isUpdate(long step) {
    return step >= start && (step - start) % freq == 0 && step < stop.orElse(Long.MAX_VALUE);
  }

  @Override
  public Optional<Object> toConfig() {
    return Optional.of(Records.write(this));
  }
}
