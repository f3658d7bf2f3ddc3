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

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<RigL> recipe(long steps, double sparsity) {
    return Recipe.of("rigl", steps, sparsity).applyTo(builder());
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
