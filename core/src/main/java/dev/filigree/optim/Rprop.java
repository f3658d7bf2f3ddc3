package dev.filigree.optim;

import dev.filigree.config.Records;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Resilient backpropagation: a step size for every weight, moved by the sign of its gradient alone.
 * Riedmiller and Braun, "A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP
 * Algorithm", 1993, in the variant that takes no step back.
 *
 * <p>Its step sizes start at the learning rate, not at zero: it does not keep zeros.
 */
public final class Rprop extends AbstractOptimizer<Rprop.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Rprop(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Rprop(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Rprop(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 0.01, etas 0.5 and 1.2, step sizes from 1e-6 to 50. */
  public static Options options() {
    return new Options(1e-2, 0.5, 1.2, 1e-6, 50);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    if (group.weightDecay() != 0) {
      throw new IllegalArgumentException("Rprop has no weight decay, found " + group.weightDecay());
    }
    var smallest = new ScalarOptional(new Scalar(options.minStep));
    var largest = new ScalarOptional(new Scalar(options.maxStep));
    for (Slot slot : slots) {
      slot.nextStep();
      Tensor previous = slot.zeros("prev");
      Tensor stepSize = slot.filled("step_size", group.learningRate());
      Tensor agreement = slot.gradient().mul(previous);
      Tensor turned = agreement.lt(new Scalar(0));
      Tensor factor =
          torch
              .ones_like(agreement)
              .masked_fill_(agreement.gt(new Scalar(0)), new Scalar(options.etaPlus))
              .masked_fill_(turned, new Scalar(options.etaMinus));
      stepSize.mul_(factor).clamp_(smallest, largest);
      Tensor gradient = slot.gradient().masked_fill(turned, new Scalar(0));
      slot.parameter().addcmul_(gradient.sign(), stepSize, new Scalar(-1));
      previous.copy_(gradient);
    }
  }

  @Override
  public boolean keepsZeros() {
    return false;
  }

  /**
   * Hyper-parameters of Rprop.
   *
   * @param lr the first step size of every weight
   * @param etaMinus factor of a step size when the gradient changes its sign
   * @param etaPlus factor of a step size when the gradient keeps its sign
   * @param minStep the smallest step size
   * @param maxStep the largest step size
   */
  public record Options(double lr, double etaMinus, double etaPlus, double minStep, double maxStep)
      implements OptimizerOptions {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative learning rate, and unless 0 &lt; etaMinus
     *     &lt; 1 &lt; etaPlus and 0 &lt;= minStep &lt;= maxStep
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      if (!(0 < etaMinus && etaMinus < 1 && 1 < etaPlus)) {
        throw new IllegalArgumentException(
            "etas must satisfy 0 < minus < 1 < plus, found " + etaMinus + " and " + etaPlus);
      }
      if (!(0 <= minStep && minStep <= maxStep)) {
        throw new IllegalArgumentException(
            "step sizes must satisfy 0 <= min <= max, found " + minStep + " and " + maxStep);
      }
    }

    /** The initial step size of every weight, at least 0. */
    public Options lr(double value) {
      return Records.with(this, Map.of("lr", value));
    }

    /** The factors by which step sizes shrink and grow: 0 &lt; minus &lt; 1 &lt; plus. */
    public Options etas(double minus, double plus) {
      return Records.with(this, Map.of("etaMinus", minus, "etaPlus", plus));
    }

    /** The smallest and the largest allowed step size: 0 &lt;= min &lt;= max. */
    public Options stepSizes(double min, double max) {
      return Records.with(this, Map.of("minStep", min, "maxStep", max));
    }

    /** Always zero. */
    @Override
    public double weightDecay() {
      return 0;
    }
  }
}
