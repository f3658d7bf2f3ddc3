package dev.filigree.sparsity.algorithm;

import dev.filigree.schedule.Schedules;
import org.bytedeco.pytorch.Tensor;

/**
 * Gradual magnitude pruning: at every update only the largest |w| stay, as many as the sparsity of
 * the step allows. Zhu and Gupta, "To prune, or not to prune", 2017, section 3.
 */
public final class GradualMagnitude extends SparsityAlgorithm {
  GradualMagnitude(AlgorithmSettings settings) {
    super(gradual(settings).withDropFraction(Schedules.constant(0)));
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<GradualMagnitude> builder() {
    return new AlgorithmBuilder<>(GradualMagnitude::new);
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<GradualMagnitude> recipe(long steps, double sparsity) {
    return Recipe.of("gmp", steps, sparsity).applyTo(builder());
  }

  /** Only what the sparsity requires is dropped. */
  @Override
  public boolean needsDropFraction() {
    return false;
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Missing weights are zero, all alike: where the sparsity falls, the first come back. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.zeros();
  }
}
