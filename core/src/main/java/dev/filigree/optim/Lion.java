package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Lion: the sign of an interpolated momentum. Chen et al., "Symbolic Discovery of Optimization
 * Algorithms", 2023 (arXiv:2302.06675), algorithm 2.
 */
public final class Lion extends AbstractOptimizer<Lion.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Lion(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Lion(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Lion(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-4, betas 0.9 and 0.99, no weight decay. */
  public static Options options() {
    return new Options(1e-4, 0.9, 0.99, 0);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    double lr = group.learningRate();
    for (Slot slot : slots) {
      Tensor expAvg = slot.zeros("exp_avg");
      Tensor direction = expAvg.lerp(slot.gradient(), new Scalar(1 - options.beta1)).sign_();
      slot.decay(lr, group.weightDecay());
      slot.parameter().add_(direction, new Scalar(-lr));
      expAvg.lerp_(slot.gradient(), new Scalar(1 - options.beta2));
    }
  }

  @Override
  public boolean keepsZeros() {
    return true;
  }

  /**
   * Hyper-parameters of Lion.
   *
   * @param lr learning rate
   * @param beta1 weight of the momentum in the step
   * @param beta2 decay rate of the momentum
   * @param weightDecay each step multiplies the weights by 1 − lr·weightDecay
   */
  public record Options(double lr, double beta1, double beta2, double weightDecay)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a beta outside [0, 1)
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, 0, weightDecay);
    }

    /**
     * The weight of the momentum in the step and the decay rate of the momentum, both in [0, 1).
     */
    public Options betas(double first, double second) {
      return with(Map.of("beta1", first, "beta2", second));
    }
  }
}
