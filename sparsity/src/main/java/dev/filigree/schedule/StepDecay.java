package dev.filigree.schedule;

import java.util.Optional;

/** initial · gamma^⌊step / stepSize⌋. */
public record StepDecay(double initial, long stepSize, double gamma) implements PiecewiseMonotone {
  public StepDecay {
    Checks.finite("initial_learning_rate", initial);
    Checks.positive("step_size", stepSize);
    Checks.positive("gamma", gamma);
  }

  @Override
  public double at(long step) {
    long falls = step / stepSize;
    return initial * Math.pow(gamma, (double) falls);
  }

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.named(
        "StepLR", "initial_learning_rate", initial, "step_size", stepSize, "gamma", gamma);
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
