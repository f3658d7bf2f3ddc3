package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * MEST, memory-economic sparse training, by elastic mutation (EM): every update drops the weights
 * with the smallest |w| + λ·|∂L/∂w| and grows as many at random. With the soft memory bound
 * (EM&amp;S) what grows comes on top of the sparsity, trains until the next update and only then
 * competes. Yuan et al., "MEST: Accurate and Fast Memory-Economic Sparse Training Framework on the
 * Edge", NeurIPS 2021.
 */
public final class ElasticMutation extends SparsityAlgorithm {
  private final Options options;

  /**
   * What is dropped, and out of how many.
   *
   * @param lambda λ, the part of the gradient in the score; 0 is the magnitude alone. The default
   *     is chosen here
   * @param soft whether the sparsity is what a drop leaves and growth goes beyond it: between two
   *     updates there are density / (1 − drop fraction) weights, where a drop fraction that falls
   *     to zero ends at the sparsity
   */
  public record Options(@Default("0.01") double lambda, @Default("false") boolean soft) {
    public Options {
      if (!(lambda >= 0 && lambda < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("lambda must be at least 0, found " + lambda);
      }
    }
  }

  ElasticMutation(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<ElasticMutation> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new ElasticMutation(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<ElasticMutation> recipe(long steps, double sparsity) {
    return Recipe.of("mest", steps, sparsity).applyTo(builder(new Options(0.01, false)));
  }

  /** |w| + λ·|∂L/∂w|, by the gradient of the optimizer's last step. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs().add(weight.keptGradient().abs(), new Scalar(options.lambda));
  }

  /** What grows begins at zero, anywhere. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }

  /** With the soft bound that of the weights that train, fewer zeros than in the end. */
  @Override
  public double sparsity(long step) {
    if (!options.soft) {
      return super.sparsity(step);
    }
    double trained = (1 - super.sparsity(step)) / (1 - super.dropFraction(lastUpdate(step)));
    // Down to twelve digits: binary fractions a little too high would lose a weight.
    return trained < 1 ? Math.floor((1 - trained) * 1e12) / 1e12 : 0;
  }

  /** With the soft bound as much as was grown beyond the sparsity at the update before. */
  @Override
  public double dropFraction(long step) {
    return options.soft
        ? super.dropFraction(lastUpdate(Math.max(0, step - 1)))
        : super.dropFraction(step);
  }

  /** The last update up to a step; the first mask counts as one. */
  private long lastUpdate(long step) {
    long last = step;
    while (last > 0 && !isUpdate(last)) {
      last--;
    }
    return last;
  }
}
