package dev.filigree.schedule;

import java.util.Optional;

/**
 * initial · scale / √max(step, warmupSteps): flat for the warm-up, then falling (Vaswani et al.
 * 2017, section 5.3, without its linear rise).
 */
public record InverseSquareRootDecay(double initial, double scale, double warmupSteps)
    implements PiecewiseMonotone {
  public InverseSquareRootDecay {
    Checks.finite("initial_learning_rate", initial);
    Checks.finite("scale", scale);
    Checks.positive("warmup_steps", warmupSteps);
  }

  @Override
  public double at(long step) {
    return initial * scale / Math.sqrt(Math.max((double) step, warmupSteps));
  }

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.named(
        "InverseSquareRootDecayLR",
        "initial_learning_rate",
        initial,
        "scale",
        scale,
        "warmup_steps",
        ConfigForm.number(warmupSteps));
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
