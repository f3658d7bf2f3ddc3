package dev.filigree.schedule;

import java.util.Optional;

/**
 * A straight line: init + slope · step. It has no end; a sparsity is clamped to [0, 1] where it is
 * used.
 *
 * @param slope the change per step
 */
public record Linear(double init, double slope) implements PiecewiseMonotone {
  public Linear {
    Checks.finite("init", init);
    Checks.finite("slope", slope);
  }

  @Override
  public double at(long step) {
    return init + slope * step;
  }

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.typed("linear", "init", init, "slope", slope);
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
