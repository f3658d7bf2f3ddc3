package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * Sparse evolutionary training: drop the smallest |w|, grow the same number at random. Mocanu et
 * al., "Scalable training of artificial neural networks with adaptive sparse connectivity inspired
 * by network science", Nature Communications 9 (2018), algorithm 1.
 */
public final class SparseEvolution extends SparsityAlgorithm {
  SparseEvolution(AlgorithmSettings settings) {
    super(settings);
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<SparseEvolution> builder() {
    return new AlgorithmBuilder<>(SparseEvolution::new);
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<SparseEvolution> recipe(long steps, double sparsity) {
    return Recipe.of("set", steps, sparsity).applyTo(builder());
  }

  /** Drops the fraction ζ of the weights closest to zero. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Grows as many at random. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }
}
