package dev.filigree.sparsity.algorithm;

/** What the learning rate of a sparse parameter is multiplied by; its weight decay is divided. */
public sealed interface RateFactor {
  /** The same for every density. */
  record Constant(double multiplier) implements RateFactor {
    /**
     * @throws IllegalArgumentException for a multiplier that is not above 0 and finite
     */
    public Constant {
      if (!(multiplier > 0 && multiplier < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "the multiplier of a learning rate must be above 0 and finite, found " + multiplier);
      }
    }

    @Override
    public double at(double density) {
      return multiplier;
    }
  }

  /**
   * A power of the density, density^−exponent: 1 is SμPar's for Adam (Dey et al. 2024,
   * arXiv:2405.15743).
   *
   * @param exponent above 0, at most 2
   */
  record ByDensity(double exponent) implements RateFactor {
    /**
     * @throws IllegalArgumentException for an exponent outside (0, 2]
     */
    public ByDensity {
      if (!(exponent > 0 && exponent <= 2)) {
        throw new IllegalArgumentException(
            "the exponent of the density must lie in (0, 2], found " + exponent);
      }
    }

    @Override
    public double at(double density) {
      return density > 0 ? Math.pow(density, -exponent) : 1; // without weights there is no rate
    }
  }

  /**
   * The factor of a parameter.
   *
   * @param density the fraction of its weights that exist, in [0, 1]
   */
  double at(double density);

  /** The dense learning rate. */
  static RateFactor none() {
    return new Constant(1);
  }
}
