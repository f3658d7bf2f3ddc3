package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * LAMB: the step of AdamW, scaled for each parameter to the norm of its weights. You et al., "Large
 * Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020 (arXiv:1904.00962),
 * algorithm 2.
 *
 * <p>Norms are those of the weights that exist, so that a matrix and the vector of its kept weights
 * take the same step.
 */
public final class LAMB extends AbstractOptimizer<LAMB.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public LAMB(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public LAMB(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public LAMB(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, betas 0.9 and 0.999, eps 1e-6, no weight decay, bias correction, any weight norm. */
  public static Options options() {
    return new Options(1e-3, 0.9, 0.999, 1e-6, 0, true, Double.POSITIVE_INFINITY);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor gradient = slot.gradient();
      Tensor expAvg = slot.mean("exp_avg", options.beta1, gradient);
      Tensor expAvgSq = slot.meanSquare("exp_avg_sq", options.beta2, gradient);
      double correction1 = options.biasCorrection ? 1 - Math.pow(options.beta1, step) : 1;
      double correction2 = options.biasCorrection ? 1 - Math.pow(options.beta2, step) : 1;
      Tensor denominator =
          expAvgSq.div(new Scalar(correction2)).sqrt_().add_(new Scalar(options.eps));
      Tensor direction =
          expAvg
              .div(denominator)
              .div_(new Scalar(correction1))
              .add_(slot.parameter(), new Scalar(group.weightDecay()));
      direction.mul_(trustRatio(slot.parameter(), direction, options.maxWeightNorm));
      slot.parameter().add_(direction, new Scalar(-group.learningRate()));
    }
  }

  /** Norm of the weights over norm of the step, 1 where either is zero; stays on the device. */
  private static Tensor trustRatio(Tensor weights, Tensor direction, double maxWeightNorm) {
    Tensor weightNorm = weights.norm().clamp_max_(new Scalar(maxWeightNorm));
    Tensor directionNorm = direction.norm();
    Tensor undefined = weightNorm.mul(directionNorm).eq(new Scalar(0));
    return weightNorm.div(directionNorm).masked_fill_(undefined, new Scalar(1));
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of LAMB.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay weightDecay·weights joins the step before it is scaled
   * @param biasCorrection correct both means for their start at zero
   * @param maxWeightNorm larger norms of the weights count as this one; infinity for no limit
   */
  public record Options(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean biasCorrection,
      double maxWeightNorm)
      implements OptimizerOptions.OfAdam<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value, a beta outside [0, 1) or a largest
     *     weight norm of 0
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, eps, weightDecay);
      if (!(maxWeightNorm > 0)) {
        throw new IllegalArgumentException("maxWeightNorm must be > 0, found " + maxWeightNorm);
      }
    }

    /** Whether to correct the running averages for their start at zero. */
    public Options biasCorrection(boolean value) {
      return with("biasCorrection", value);
    }

    /** The upper bound of the weight norm that a step is scaled to, above 0; infinity for none. */
    public Options maxWeightNorm(double value) {
      return with("maxWeightNorm", value);
    }
  }
}
