package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Weight-sparse training: after every optimizer step all but the largest |w| are set to zero, fewer
 * and fewer as the density is annealed. Gradients and the optimizer's moments are those of all
 * weights, so one that was zero comes back as soon as a step makes it large enough. Gao et al.,
 * "Weight-sparse transformers have interpretable circuits", 2025, appendix A.2; their least number
 * of weights for each neuron is left out.
 */
public final class TopMagnitude extends SparsityAlgorithm {
  TopMagnitude(AlgorithmSettings settings) {
    super(settings);
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<TopMagnitude> builder() {
    return new AlgorithmBuilder<>(TopMagnitude::new);
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<TopMagnitude> recipe(long steps, double sparsity) {
    return Recipe.of("top_k", steps, sparsity).applyTo(builder());
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

  /** The largest |w| of what the step has made of all weights. */
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
    return new Zeroed();
  }

  /** What a mask leaves out is zero from then on, and gets the gradient of a weight that is. */
  private record Zeroed() implements ForwardWeight {
    @Override
    public void onMask(Tensor weight, Tensor mask) {
      weight.masked_fill_(mask.logical_not(), new Scalar(0));
    }

    @Override
    public Tensor of(Tensor weight, Tensor mask) {
      return ForwardWeight.straightThrough().of(weight, mask);
    }
  }
}
