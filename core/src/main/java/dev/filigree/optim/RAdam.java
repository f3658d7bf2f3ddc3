package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * RAdam, Adam with a rectified variance. Liu et al., "On the Variance of the Adaptive Learning Rate
 * and Beyond", 2020 (arXiv:1908.03265), algorithm 2.
 */
public final class RAdam extends AbstractOptimizer<RAdam.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public RAdam(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public RAdam(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public RAdam(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay. */
  public static Options options() {
    return new Options(1e-3, 0.9, 0.999, 1e-8, 0, false);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    double lr = group.learningRate();
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor gradient =
          slot.regularizedGradient(lr, group.weightDecay(), options.decoupledWeightDecay);
      Tensor expAvg = slot.mean("exp_avg", options.beta1, gradient);
      Tensor expAvgSq = slot.meanSquare("exp_avg_sq", options.beta2, gradient);
      double rate = lr / (1 - Math.pow(options.beta1, step));
      double rectification = options.rectification(step);
      if (rectification == 0) {
        slot.parameter().add_(expAvg, new Scalar(-rate));
      } else {
        double root2 = Math.sqrt(1 - Math.pow(options.beta2, step));
        Tensor denominator = expAvgSq.sqrt().add_(new Scalar(options.eps));
        slot.parameter().addcdiv_(expAvg, denominator, new Scalar(-rate * rectification * root2));
      }
    }
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of RAdam.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay factor of the L2 penalty, or of the decoupled decay
   * @param decoupledWeightDecay decay the weights as AdamW does instead of adding an L2 penalty
   */
  public record Options(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean decoupledWeightDecay)
      implements OptimizerOptions.OfAdam<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a beta outside [0, 1)
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, eps, weightDecay);
    }

    /** The factor r of algorithm 2, 0 as long as the variance cannot be estimated. */
    private double rectification(double step) {
      double decayed = Math.pow(beta2, step);
      double limit = 2 / (1 - beta2) - 1;
      double length = limit - 2 * step * decayed / (1 - decayed);
      return length <= 5
          ? 0
          : Math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
    }

    /**
     * Whether to decay the weights as AdamW does, instead of adding an L2 penalty to the gradient.
     */
    public Options decoupledWeightDecay(boolean value) {
      return with("decoupledWeightDecay", value);
    }
  }
}
