package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Averaged stochastic gradient descent: the average of the weights is the state {@code ax}. Polyak
 * and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
 */
public final class ASGD extends AbstractOptimizer<ASGD.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public ASGD(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public ASGD(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public ASGD(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 0.01, lambda 1e-4, alpha 0.75, t0 1e6, no weight decay. */
  public static Options options() {
    return new Options(1e-2, 1e-4, 0.75, 1e6, 0);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    double lr = group.learningRate();
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor parameter = slot.parameter();
      Tensor gradient = slot.penalizedGradient(group.weightDecay());
      Tensor rate = slot.number("eta", lr);
      Tensor share = slot.number("mu", 1);
      Tensor average = slot.zeros("ax");
      double eta = rate.item_double();
      parameter.mul_(new Scalar(1 - options.lambda * eta));
      parameter.add_(gradient, new Scalar(-eta));
      double mu = share.item_double();
      if (mu == 1) {
        average.copy_(parameter);
      } else {
        average.add_(parameter.sub(average), new Scalar(mu));
      }
      rate.fill_(new Scalar(lr / Math.pow(1 + options.lambda * lr * step, options.alpha)));
      share.fill_(new Scalar(1 / Math.max(1, step - options.t0)));
    }
  }

  @Override
  public boolean keepsZeros() {
    return true;
  }

  /**
   * Hyper-parameters of ASGD.
   *
   * @param lr learning rate
   * @param lambda decay term: each step multiplies the weights by 1 − lambda·rate
   * @param alpha step t + 1 uses the rate lr/(1 + lambda·lr·t)^alpha
   * @param t0 the step that averaging starts after
   * @param weightDecay factor of the L2 penalty
   */
  public record Options(double lr, double lambda, double alpha, double t0, double weightDecay)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      OptionChecks.nonNegative("lambda", lambda);
      OptionChecks.nonNegative("alpha", alpha);
      OptionChecks.nonNegative("t0", t0);
      OptionChecks.nonNegative("weightDecay", weightDecay);
    }

    /** The decay term, at least 0: each step multiplies the weights by 1 − lambda·rate. */
    public Options lambda(double value) {
      return with("lambda", value);
    }

    /**
     * The power of the learning rate decay, at least 0: step t + 1 uses lr/(1 + lambda·lr·t)^alpha.
     */
    public Options alpha(double value) {
      return with("alpha", value);
    }

    /** The number of steps before averaging starts, at least 0. */
    public Options t0(double value) {
      return with("t0", value);
    }
  }
}
