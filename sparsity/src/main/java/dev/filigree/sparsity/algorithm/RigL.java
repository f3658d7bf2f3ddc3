package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * RigL: every update drops the weights with the smallest |θ| and grows as many where the gradient
 * of the loss is largest, those just dropped among the candidates. Evci et al., "Rigging the
 * Lottery: Making All Tickets Winners", ICML 2020, algorithm 1.
 */
public final class RigL extends SparsityAlgorithm {
  RigL(AlgorithmSettings settings) {
    super(settings);
  }

  /** A builder in which nothing is chosen yet. */
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

  /** The gradient of weights that do not exist, of one step. */
  @Override
  public Evidence evidence() {
    return Evidence.gradient();
  }

  /** Drop: ArgTopK(−|θ|, f(t)·(1 − s)·N), where f is the drop fraction. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Grow: ArgTopK(|∇L|, as many), among the weights that do not exist; they start at zero. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.gradient().abs();
  }
}
