package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import org.bytedeco.pytorch.Tensor;

/**
 * RigL: every update drops the weights with the smallest |θ| and grows as many where the gradient
 * of the loss is largest, those just dropped among the candidates. Evci et al., "Rigging the
 * Lottery: Making All Tickets Winners", ICML 2020, algorithm 1.
 */
public final class RigL extends SparsityAlgorithm {
  private final Options options;

  /**
   * What RigL and GraNet grow by.
   *
   * @param gradientSteps how many steps before an update its gradient is the mean of, all
   *     micro-batches of each; 1 in the paper. More make the growth of small or noisy batches
   *     steadier, and keep one dense tensor a weight during those steps
   */
  public record Options(@Default("1") int gradientSteps) {
    /**
     * @throws IllegalArgumentException for less than one step
     */
    public Options {
      if (gradientSteps < 1) {
        throw new IllegalArgumentException(
            "gradient_steps must be at least 1, found " + gradientSteps);
      }
    }
  }

  RigL(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with the paper's gradient of one step and nothing else chosen yet. */
  public static AlgorithmBuilder<RigL> builder() {
    return builder(new Options(1));
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<RigL> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new RigL(settings, options));
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

  /** The gradient of weights that do not exist. */
  @Override
  public Evidence evidence() {
    return Evidence.gradient(options.gradientSteps);
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
