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

  @Override
  public boolean growsByGradient() {
    return true;
  }

  @Override
  protected Tensor growScore(MissingWeights weights) {
    return weights.gradient().abs();
  }
}
