package dev.filigree.schedule;

import java.util.Optional;

/**
 * initial · decayRate^(step / totalIters); Keras' {@code ExponentialDecay}.
 *
 * @param staircase round the exponent down, so that the value falls once in totalIters steps
 */
public record ExponentialDecay(double initial, long totalIters, double decayRate, boolean staircase)
    implements PiecewiseMonotone {
  public ExponentialDecay {
    Checks.finite("initial_learning_rate", initial);
    Checks.positive("total_iters", totalIters);
    Checks.positive("decay_rate", decayRate);
  }

  @Override
  public double at(long step) {
    double exponent = (double) step / totalIters;
    return initial * Math.pow(decayRate, staircase ? Math.floor(exponent) : exponent);
  }

  @Override
  public Optional<Object> toConfig() {
    return ConfigForm.named(
        "ExponentialLR",
        "initial_learning_rate",
        initial,
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
