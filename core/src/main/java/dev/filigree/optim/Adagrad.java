package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Adagrad. Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization", 2011.
 */
public final class Adagrad extends AbstractOptimizer<Adagrad.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Adagrad(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Adagrad(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Adagrad(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 0.01, no decay of the rate, no weight decay, sums from zero, eps 1e-10. */
  public static Options options() {
    return new Options(1e-2, 0, 0, 0, 1e-10);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (Slot slot : slots) {
      double rate = group.learningRate() / (1 + (slot.nextStep() - 1) * options.lrDecay);
      Tensor gradient = slot.penalizedGradient(group.weightDecay());
      Tensor sum = slot.filled("sum", options.initialAccumulator);
      sum.addcmul_(gradient, gradient);
      Tensor std = sum.sqrt().add_(new Scalar(options.eps));
      slot.parameter().addcdiv_(gradient, std, new Scalar(-rate));
    }
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.initialAccumulator == 0 && options.eps > 0);
  }

  /**
   * Hyper-parameters of Adagrad.
   *
   * @param lr learning rate
   * @param lrDecay step t uses lr/(1 + (t − 1)·lrDecay)
   * @param weightDecay factor of the L2 penalty
   * @param initialAccumulator initial value of the sums of squared gradients
   * @param eps added to the denominator
   */
  public record Options(
      double lr, double lrDecay, double weightDecay, double initialAccumulator, double eps)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      OptionChecks.nonNegative("lrDecay", lrDecay);
      OptionChecks.nonNegative("weightDecay", weightDecay);
      OptionChecks.nonNegative("initialAccumulator", initialAccumulator);
      OptionChecks.nonNegative("eps", eps);
    }

    /** The learning rate decay, at least 0: step t uses lr/(1 + (t − 1)·lrDecay). */
    public Options lrDecay(double value) {
      return with("lrDecay", value);
    }

    /**
     * The initial value of the sums of squared gradients, at least 0; above 0, the optimizer does
     * not keep zeros.
     */
    public Options initialAccumulator(double value) {
      return with("initialAccumulator", value);
    }

    /** The term added to the denominator for numerical stability, at least 0. */
    public Options eps(double value) {
      return with("eps", value);
    }
  }
}
