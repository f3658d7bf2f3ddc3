package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * RigL: drop the smallest |w|, grow where the magnitude of the dense gradient is largest. Evci et
 * al., "Rigging the Lottery: Making All Tickets Winners", ICML 2020, algorithm 1.
 */
public final class RigL extends DynamicSparsity {
  RigL(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<RigL> builder() {
    return new AlgorithmBuilder<>(RigL::new);
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
