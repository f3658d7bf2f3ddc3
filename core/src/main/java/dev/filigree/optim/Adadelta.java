package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Adadelta. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012 (arXiv:1212.5701), algorithm
 * 1.
 */
public final class Adadelta extends AbstractOptimizer<Adadelta.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Adadelta(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Adadelta(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Adadelta(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1, rho 0.9, eps 1e-6, no weight decay. */
  public static Options options() {
    return new Options(1, 0.9, 1e-6, 0);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    var rho = new Scalar(options.rho);
    var rest = new Scalar(1 - options.rho);
    var eps = new Scalar(options.eps);
    for (Slot slot : slots) {
      slot.nextStep();
      Tensor gradient = slot.penalizedGradient(group.weightDecay());
      Tensor squareAvg = slot.zeros("square_avg");
      Tensor accDelta = slot.zeros("acc_delta");
      squareAvg.mul_(rho).addcmul_(gradient, gradient, rest);
      Tensor std = squareAvg.add(eps).sqrt_();
      Tensor delta = accDelta.add(eps).sqrt_().div_(std).mul_(gradient);
      accDelta.mul_(rho).addcmul_(delta, delta, rest);
      slot.parameter().add_(delta, new Scalar(-group.learningRate()));
    }
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of Adadelta.
   *
   * @param lr learning rate
   * @param rho decay rate of the means of squared gradients and squared steps
   * @param eps added under both square roots
   * @param weightDecay factor of the L2 penalty
   */
  public record Options(double lr, double rho, double eps, double weightDecay)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a rho above 1
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      if (!(rho >= 0 && rho <= 1)) {
        throw new IllegalArgumentException("rho must be in [0, 1], found " + rho);
      }
      OptionChecks.nonNegative("eps", eps);
      OptionChecks.nonNegative("weightDecay", weightDecay);
    }

    /** The decay rate of the running averages of squared gradients and squared steps, in [0, 1]. */
    public Options rho(double value) {
      return with("rho", value);
    }

    /** The term added under both square roots for numerical stability, at least 0. */
    public Options eps(double value) {
      return with("eps", value);
    }
  }
}
