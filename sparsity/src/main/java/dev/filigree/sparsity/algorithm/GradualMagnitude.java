package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * Gradual magnitude pruning: at every update only the largest |w| stay, as many as the sparsity of
 * the step allows. Zhu and Gupta, "To prune, or not to prune", 2017, section 3.
 */
public final class GradualMagnitude extends SparsityAlgorithm {
  GradualMagnitude(AlgorithmSettings settings) {
    super(gradual(settings));
  }

  public static AlgorithmBuilder<GradualMagnitude> builder() {
    return new AlgorithmBuilder<>(GradualMagnitude::new);
  }

  /** Nothing goes but what the sparsity asks for. */
  @Override
  public double dropFraction(long step) {
    return 0;
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
