package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * GraNet: gradual pruning with zero-cost neuroregeneration. The sparsity rises by a cubic schedule;
 * every update drops the weights with the smallest |θ|, the drop fraction beyond what the sparsity
 * requires, and regrows that surplus where the gradient is largest. Liu et al., "Sparse Training
 * via Boosting Pruning Plasticity with Neuroregeneration", NeurIPS 2021, algorithm 1.
 */
public final class GraNet extends SparsityAlgorithm {
  private final RigL.Options options;

  GraNet(AlgorithmSettings settings, RigL.Options options) {
    super(gradual(settings));
    this.options = options;
  }

  /** A builder with the paper's gradient of one step and nothing else chosen yet. */
  public static AlgorithmBuilder<GraNet> builder() {
    return builder(new RigL.Options(1));
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<GraNet> builder(RigL.Options options) {
    return new AlgorithmBuilder<>(settings -> new GraNet(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<GraNet> recipe(long steps, double sparsity) {
    return Recipe.of("granet", steps, sparsity).applyTo(builder());
  }

  /** The gradient of weights that do not exist, as in RigL. */
  @Override
  public Evidence evidence() {
    return Evidence.gradient(options.gradientSteps());
  }

  /** Pruning and the drop of the regeneration are one: both take the smallest |θ|. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Regeneration by the gradient, as in RigL. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.gradient().abs();
  }
}
