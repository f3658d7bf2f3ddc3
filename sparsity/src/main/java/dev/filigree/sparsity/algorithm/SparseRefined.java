package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import dev.filigree.torch.CustomFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * SR-STE, the sparse-refined straight-through estimator: the forward pass multiplies with the
 * largest |w|, N of every M with {@code n_of_m}; the gradient reaches all weights, and those that
 * are missing decay: w ← w − γ·(g + λ·(1 − mask)·w). Zhou et al., "Learning N:M Fine-grained
 * Structured Sparse Neural Networks From Scratch", ICLR 2021, the update rule of SR-STE.
 */
public final class SparseRefined extends SparsityAlgorithm {
  private final Options options;

  /**
   * The refinement.
   *
   * @param decay λ, of the weights that are missing; 0 is the plain straight-through estimator
   */
  public record Options(@Default("2e-4") double decay) {
    public Options {
      if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("decay must be at least 0, found " + decay);
      }
    }
  }

  SparseRefined(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<SparseRefined> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new SparseRefined(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them, and gives
   * the pattern.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<SparseRefined> recipe(long steps, double sparsity) {
    return Recipe.of("sr_ste", steps, sparsity).applyTo(builder(new Options(2e-4)));
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
    return this::refined;
  }

  private Tensor refined(Tensor weight, Tensor mask) {
    Tensor stored = weight.detach();
    return CustomFunction.apply(
        weight,
        stored.masked_fill(mask.logical_not(), new Scalar(0)),
        gradient -> {
          Tensor missing = torch.where(mask, new Scalar(0.0), new Scalar(options.decay));
          return gradient.add(weight.detach().mul(missing));
        });
  }
}
