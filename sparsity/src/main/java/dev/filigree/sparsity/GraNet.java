package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * GraNet: gradual pruning with zero-cost neuroregeneration: RigL under a rising (cubic) sparsity,
 * so that every update drops more than it grows. Liu et al., "Sparse Training via Boosting Pruning
 * Plasticity with Neuroregeneration", NeurIPS 2021, algorithm 1.
 */
public final class GraNet extends DynamicSparsity {
  GraNet(AlgorithmSettings settings) {
    super(gradual(settings));
  }

  public static AlgorithmBuilder<GraNet> builder() {
    return new AlgorithmBuilder<>(GraNet::new);
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

  @Override
  public boolean growsByGradient() {
    return true;
  }

  @Override
  protected Tensor growScore(MissingWeights weights) {
    return weights.gradient().abs();
  }
}
