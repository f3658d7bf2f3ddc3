package dev.filigree.zoo.advise;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The loss of sparse and dense language models by their size (arXiv:2606.01155, each token seen
 * once): L = e^5.2407 · f(s) / N^0.3268 + e^6.1030 / D^0.3268 + e^0.8536 nats a token, where N are
 * the weights that exist, D the tokens, s is the density, and f(s) = s^−0.00968 − 0.2729 · (1 −
 * s)^0.8466. Fitted on Llamas of 20 million to 1.9 billion weights on C4, pruned by SET to
 * densities down to 1/16.
 */
public final class SparseScalingLaw {
  /** Weights of the smallest network that the law was fitted on. */
  public static final double LEAST_WEIGHTS = 20e6;

  /** Weights of the largest network that the law was fitted on. */
  public static final double MOST_WEIGHTS = 1.9e9;

  /** The lowest density that the law was fitted on. */
  public static final double LEAST_DENSITY = 1 / 16.0;

  private static final double SIZE = Math.exp(5.2407);
  private static final double DATA = Math.exp(6.1030);
  private static final double REST = Math.exp(0.8536);
  private static final double EXPONENT = 0.3268;

  private SparseScalingLaw() {}

  /** f(s): 1 for a dense network, less where fewer weights exist of a larger one. */
  public static double factor(double density) {
    if (!(density > 0 && density <= 1)) {
      throw new IllegalArgumentException("density must be in (0, 1], found " + density);
    }
    return Math.pow(density, -0.00968) - 0.2729 * Math.pow(1 - density, 0.8466);
  }

  /**
   * The expected loss, in nats a token.
   *
   * @param kept weights that exist
   * @param tokens trained on, each once
   * @param density of the network
   */
  public static double loss(double kept, double tokens, double density) {
    return SIZE * factor(density) * Math.pow(kept, -EXPONENT)
        + DATA * Math.pow(tokens, -EXPONENT)
        + REST;
  }

  /** How many weights of a dense network give the loss of one that exists of a sparse one. */
  public static double worth(double density) {
    return Math.pow(factor(density), -1 / EXPONENT);
  }

  /**
   * The weights that should exist where weights times tokens are given: the loss is least.
   *
   * @param product kept · tokens
   */
  public static double bestKept(double product, double density) {
    return Math.pow(SIZE * factor(density) / DATA, 1 / (2 * EXPONENT)) * Math.sqrt(product);
  }

  /** Why the law does not know a network, in a line each; none where it does. */
  public static List<String> outside(double kept, double density) {
    var reasons = new ArrayList<String>();
    double weights = kept / density;
    if (weights < LEAST_WEIGHTS || weights > MOST_WEIGHTS) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "%.3g weights are outside the 20 million to 1.9 billion that the law was fitted on",
              weights));
    }
    if (density < LEAST_DENSITY) {
      reasons.add(
          String.format(
              Locale.ROOT,
              "a density of %.3g is below the %.4f that the law was fitted on",
              density,
              LEAST_DENSITY));
    }
    return reasons;
  }
}
