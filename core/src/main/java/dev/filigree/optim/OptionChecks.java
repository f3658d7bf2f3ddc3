package dev.filigree.optim;

/** Checks of hyper-parameters. Each returns the value it accepts. */
final class OptionChecks {
  private OptionChecks() {}

  static double nonNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be a number >= 0, found " + value);
    }
    return value;
  }

  static double positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be a number > 0, found " + value);
    }
    return value;
  }

  /** A decay rate of a running average, in [0, 1). */
  static double decay(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1), found " + value);
    }
    return value;
  }

  /** The checks that the options of every member of the Adam family share. */
  static void adam(double lr, double beta1, double beta2, double eps, double weightDecay) {
    nonNegative("lr", lr);
    decay("beta1", beta1);
    decay("beta2", beta2);
    nonNegative("eps", eps);
    nonNegative("weightDecay", weightDecay);
  }
}
