package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * RMSprop. Tieleman and Hinton, Coursera "Neural Networks for Machine Learning", lecture 6.5, 2012;
 * centered: Graves, "Generating Sequences With Recurrent Neural Networks", 2013 (arXiv:1308.0850),
 * equations 38 to 45.
 */
public final class RMSprop extends AbstractOptimizer<RMSprop.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public RMSprop(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public RMSprop(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public RMSprop(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 0.01, alpha 0.99, eps 1e-8, no weight decay, no momentum, not centered. */
  public static Options options() {
    return new Options(1e-2, 0.99, 1e-8, 0, 0, false);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    var rate = new Scalar(-group.learningRate());
    for (Slot slot : slots) {
      slot.nextStep();
      Tensor gradient = slot.penalizedGradient(group.weightDecay());
      Tensor squareAvg = slot.meanSquare("square_avg", options.alpha, gradient);
      Tensor avg;
      if (options.centered) {
        Tensor gradAvg = slot.mean("grad_avg", options.alpha, gradient);
        avg = squareAvg.addcmul(gradAvg, gradAvg, new Scalar(-1)).sqrt_();
      } else {
        avg = squareAvg.sqrt();
      }
      avg.add_(new Scalar(options.eps));
      if (options.momentum > 0) {
        Tensor buffer = slot.zeros("momentum_buffer");
        buffer.mul_(new Scalar(options.momentum)).addcdiv_(gradient, avg);
        slot.parameter().add_(buffer, rate);
      } else {
        slot.parameter().addcdiv_(gradient, avg, rate);
      }
    }
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of RMSprop.
   *
   * @param lr learning rate
   * @param alpha decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay factor of the L2 penalty
   * @param momentum factor of the momentum buffer, 0 for none
   * @param centered divide by the standard deviation instead of the root mean square
   */
  public record Options(
      double lr, double alpha, double eps, double weightDecay, double momentum, boolean centered)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or an alpha outside [0, 1)
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      OptionChecks.decay("alpha", alpha);
      OptionChecks.nonNegative("eps", eps);
      OptionChecks.nonNegative("weightDecay", weightDecay);
      OptionChecks.nonNegative("momentum", momentum);
    }

    /** The smoothing constant, in [0, 1): the decay rate of the mean of the squared gradients. */
    public Options alpha(double value) {
      return with("alpha", value);
    }

    /** The term added to the denominator for numerical stability, at least 0. */
    public Options eps(double value) {
      return with("eps", value);
    }

    /** The momentum factor, at least 0; 0 for none. */
    public Options momentum(double value) {
      return with("momentum", value);
    }

    /** Whether to normalize the gradient by an estimate of its variance: the centered variant. */
    public Options centered(boolean value) {
      return with("centered", value);
    }
  }
}
