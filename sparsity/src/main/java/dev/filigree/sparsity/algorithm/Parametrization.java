package dev.filigree.sparsity.algorithm;

import org.jspecify.annotations.Nullable;

/**
 * How weights of sparse parameters are initialised and updated, beside which of them exist.
 *
 * @param learningRate what their learning rate is multiplied by, and their weight decay divided by,
 *     so that the product stays; it follows the density that each parameter has
 * @param initialWeightsByDensity whether the initial weights are divided by the square root of the
 *     density of the first mask, so that what a layer computes has the variance of a dense one
 * @param regrown how weights that grow begin; null for the optimizer's own way
 */
public record Parametrization(
    RateFactor learningRate, boolean initialWeightsByDensity, @Nullable Regrown regrown) {
  private static final Parametrization STANDARD =
      new Parametrization(RateFactor.none(), false, null);

  /**
   * The age of each weight, by which Adam corrects the bias of its moments.
   *
   * @param warmup steps over which the update of a grown weight rises to the whole, in [0, 32766]
   */
  public record Regrown(int warmup) {
    /**
     * @throws IllegalArgumentException for a warm-up outside [0, 32766] steps
     */
    public Regrown {
      if (warmup < 0 || warmup >= Short.MAX_VALUE) {
        throw new IllegalArgumentException(
            "warmup of grown weights must lie in [0, 32766], found " + warmup);
      }
    }
  }

  /** The parametrization of a dense network. */
  public static Parametrization standard() {
    return STANDARD;
  }

  /**
   * SμPar: Adam's learning rate over the density, initial standard deviation over its square root.
   * Dey et al. 2024, "Sparse maximal update parameterization", arXiv:2405.15743, table 1. The
   * width's part of it is muP's, of the model.
   */
  public static Parametrization supar() {
    return new Parametrization(new RateFactor.ByDensity(1), true, null);
  }

  /** The same with another factor on the learning rate. */
  public Parametrization learningRate(RateFactor value) {
    return new Parametrization(value, initialWeightsByDensity, regrown);
  }

  /** The same with initial weights by density, or as they are. */
  public Parametrization initialWeightsByDensity(boolean value) {
    return new Parametrization(learningRate, value, regrown);
  }

  /** The same with ages of their own for grown weights. */
  public Parametrization regrown(Regrown value) {
    return new Parametrization(learningRate, initialWeightsByDensity, value);
  }
}
