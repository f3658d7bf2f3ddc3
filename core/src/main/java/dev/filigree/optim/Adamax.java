package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Adamax, Adam with the infinity norm. Kingma and Ba, "Adam: A Method for Stochastic Optimization",
 * 2015 (arXiv:1412.6980), algorithm 2.
 *
 * <p>Its {@code exp_inf} is eps, not zero, where gradients are zero: it does not keep zeros.
 */
public final class Adamax extends AbstractOptimizer<Adamax.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Adamax(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Adamax(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Adamax(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 2e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay. */
  public static Options options() {
    return new Options(2e-3, 0.9, 0.999, 1e-8, 0);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor gradient = slot.penalizedGradient(group.weightDecay());
      Tensor expAvg = slot.mean("exp_avg", options.beta1, gradient);
      Tensor expInf = slot.zeros("exp_inf");
      Tensor magnitude = gradient.abs().add_(new Scalar(options.eps));
      expInf.mul_(new Scalar(options.beta2)).clamp_min_(magnitude);
      double rate = group.learningRate() / (1 - Math.pow(options.beta1, step));
      slot.parameter().addcdiv_(expAvg, expInf, new Scalar(-rate));
    }
  }

  @Override
  public boolean keepsZeros() {
    return false;
  }

  /**
   * Hyper-parameters of Adamax.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the infinity norm
   * @param eps added to the magnitude of the gradient
   * @param weightDecay factor of the L2 penalty
   */
  public record Options(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerOptions.OfAdam<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a beta outside [0, 1)
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, eps, weightDecay);
    }
  }
}
