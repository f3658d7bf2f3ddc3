package dev.filigree.schedule;

import java.util.Optional;

/**
 * initial / (1 + decayRate · step^exponent / totalIters); Keras' {@code InverseTimeDecay} with an
 * exponent.
 *
 * @param staircase round step^exponent / totalIters down
 */
public record InverseTimeDecay(
    double initial, double exponent, long totalIters, double decayRate, boolean staircase)
    implements PiecewiseMonotone {
  public InverseTimeDecay {
    Checks.finite("initial_learning_rate", initial);
    Checks.notNegative("step_exponent", exponent);
    Checks.positive("total_iters", totalIters);
    Checks.notNegative("decay_rate", decayRate);
  }

  @Override
  public double at(long step) {
    double time = Math.pow((double) step, exponent) / totalIters;
    return initial / (1 + decayRate * (staircase ? Math.floor(time) : time));
  }

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.named(
        "InverseExponentialTimeDecayLR",
        "initial_learning_rate",
        initial,
        "step_exponent",
        exponent,
        "total_iters",
        totalIters,
        "decay_rate",
        decayRate,
        "staircase",
        staircase);
  }

  @Override
  public String toString() {
    return ConfigForm.text(toConfig());
  }
}
