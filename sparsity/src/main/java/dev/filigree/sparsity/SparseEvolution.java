package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * Sparse evolutionary training: drop the smallest |w|, grow the same number at random. Mocanu et
 * al., "Scalable training of artificial neural networks with adaptive sparse connectivity inspired
 * by network science", Nature Communications 9 (2018), algorithm 1.
 */
public final class SparseEvolution extends DynamicSparsity {
  SparseEvolution(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<SparseEvolution> builder() {
    return new AlgorithmBuilder<>(SparseEvolution::new);
  }

  @Override
  protected Tensor growScore(MissingWeights weights) {
    return weights.random();
  }
}
