package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * NAdam, Adam with Nesterov momentum. Dozat, "Incorporating Nesterov Momentum into Adam", 2016; the
 * momentum schedule is the paper's, with momentumDecay in place of its constant.
 */
public final class NAdam extends AbstractOptimizer<NAdam.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public NAdam(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public NAdam(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public NAdam(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 2e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay, momentum decay 4e-3. */
  public static Options options() {
    return new Options(2e-3, 0.9, 0.999, 1e-8, 0, 4e-3, false);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    double lr = group.learningRate();
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor gradient =
          slot.regularizedGradient(lr, group.weightDecay(), options.decoupledWeightDecay);
      double mu = options.momentum(step);
      double nextMu = options.momentum(step + 1);
      double product = slot.number("mu_product", 1).mul_(new Scalar(mu)).item_double();

      Tensor expAvg = slot.mean("exp_avg", options.beta1, gradient);
      Tensor expAvgSq = slot.meanSquare("exp_avg_sq", options.beta2, gradient);
      double correction2 = 1 - Math.pow(options.beta2, step);
      Tensor denominator =
          expAvgSq.div(new Scalar(correction2)).sqrt_().add_(new Scalar(options.eps));
      slot.parameter().addcdiv_(gradient, denominator, new Scalar(-lr * (1 - mu) / (1 - product)));
      slot.parameter()
          .addcdiv_(expAvg, denominator, new Scalar(-lr * nextMu / (1 - product * nextMu)));
    }
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of NAdam.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay factor of the L2 penalty, or of the decoupled decay
   * @param momentumDecay momentum of step t: beta1·(1 − 0.96^(t·momentumDecay)/2)
   * @param decoupledWeightDecay decay the weights as AdamW does instead of adding an L2 penalty
   */
  public record Options(
      double lr,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double momentumDecay,
      boolean decoupledWeightDecay)
      implements OptimizerOptions.OfAdam<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a beta outside [0, 1)
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, eps, weightDecay);
      OptionChecks.nonNegative("momentumDecay", momentumDecay);
    }

    private double momentum(double step) {
      return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
    }

    /**
     * The momentum decay, at least 0: the momentum of step t is beta1·(1 −
     * 0.96^(t·momentumDecay)/2).
     */
    public Options momentumDecay(double value) {
      return with("momentumDecay", value);
    }

    /**
     * Whether to decay the weights as AdamW does, instead of adding an L2 penalty to the gradient.
     */
    public Options decoupledWeightDecay(boolean value) {
      return with("decoupledWeightDecay", value);
    }
  }
}
