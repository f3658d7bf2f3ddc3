package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * Magnitude pruning with a straight-through estimator: all weights are stored and trained, the
 * forward pass multiplies with those of largest |w|, chosen again after every step, and the
 * gradient reaches all as if nothing were missing. Lee et al., "JaxPruner: A concise library for
 * sparsity research", 2023; the estimator is that of Bengio, Léonard and Courville, "Estimating or
 * Propagating Gradients Through Stochastic Neurons for Conditional Computation", 2013.
 */
public final class MagnitudeStraightThrough extends SparsityAlgorithm {
  MagnitudeStraightThrough(AlgorithmSettings settings) {
    super(settings);
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<MagnitudeStraightThrough> builder() {
    return new AlgorithmBuilder<>(MagnitudeStraightThrough::new);
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<MagnitudeStraightThrough> recipe(long steps, double sparsity) {
    return Recipe.of("magnitude_ste", steps, sparsity).applyTo(builder());
  }

  /** The mask is chosen again among all weights. */
  @Override
  public double dropFraction(long step) {
    return 1;
  }

  @Override
  public boolean needsDropFraction() {
    return false;
  }

  /** The largest |w|, whether they existed or not. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.values().abs();
  }

  /** All of them. */
  @Override
  public long trained(long kept, long size) {
    return size;
  }

  @Override
  public ForwardWeight forwardWeight() {
    return ForwardWeight.straightThrough();
  }
}
