package dev.filigree.schedule;

import java.util.Optional;

/** The same value at every step. */
public record Constant(double value) implements PiecewiseMonotone {
  /**
   * A schedule of a value.
   *
   * @throws IllegalArgumentException for a value that is not finite
   */
  public Constant {
    ScheduleChecks.finite("value", value);
  }

  @Override
  public double at(long step) {
    return value;
  }

  @Override
  public Optional<Object> toConfig() {
    return Optional.of(value);
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
