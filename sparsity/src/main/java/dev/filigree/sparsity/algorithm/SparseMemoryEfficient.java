package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * SMET, sparse memory-efficient training: drop the smallest |w|, grow as many at random, with an
 * optimizer that is warm for what grows. Adam corrects the bias of a weight's moments by the
 * weight's own age, its update rises over its first steps, and the learning rate is divided by the
 * density. "Memory-Efficient LLM Training with Dynamic Sparsity: From Stability to Practical
 * Scaling", 2026, arXiv:2606.00888.
 */
public final class SparseMemoryEfficient extends SparsityAlgorithm {
  private static final int WARMUP = 100;

  SparseMemoryEfficient(AlgorithmSettings settings) {
    super(settings.withParametrization(warm(settings.parametrization())));
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<SparseMemoryEfficient> builder() {
    return new AlgorithmBuilder<>(SparseMemoryEfficient::new);
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<SparseMemoryEfficient> recipe(long steps, double sparsity) {
    return Recipe.of("smet", steps, sparsity).applyTo(builder());
  }

  /** The paper's, where nothing else was asked for. */
  private static Parametrization warm(Parametrization given) {
    Parametrization rated =
        given.learningRate().equals(RateFactor.none())
            ? given.learningRate(new RateFactor.ByDensity(1))
            : given;
    return rated.regrown() == null ? rated.regrown(new Parametrization.Regrown(WARMUP)) : rated;
  }

  /** Drops the smallest |w|. */
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
