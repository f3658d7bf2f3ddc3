package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * Adafactor: second moments of a matrix kept as a row and a column. Shazeer and Stern, "Adafactor:
 * Adaptive Learning Rates with Sublinear Memory Cost", 2018 (arXiv:1804.04235), algorithms 4 and 5,
 * with PyTorch's reading of them.
 */
public final class Adafactor extends AbstractOptimizer<Adafactor.Options> {

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Adafactor(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Adafactor(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Adafactor(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /**
   * lr 0.01, beta2 decay −0.8, eps1 the machine epsilon of the type, eps2 1e-3, d 1, no weight
   * decay.
   */
  public static Options options() {
    return new Options(1e-2, -0.8, null, 1e-3, 1, 0);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    double lr = group.learningRate();
    for (Slot slot : slots) {
      double step = slot.nextStep();
      Tensor parameter = slot.parameter();
      double size = Math.max(options.eps2, rootMeanSquare(parameter));
      double rate = size * Math.min(lr, 1 / Math.sqrt(step));
      slot.decay(lr, group.weightDecay());
      double eps1 = options.eps1 == null ? slot.machineEpsilon() : options.eps1;
      var newShare = new Scalar(Math.pow(step, options.beta2Decay));
      Tensor moment =
          parameter.dim() > 1 ? factored(slot, newShare, eps1) : elementwise(slot, newShare);
      Tensor direction = moment.clamp_min_(new Scalar(eps1 * eps1)).rsqrt_().mul_(slot.gradient());
      double clip = Math.max(1, rootMeanSquare(direction) / options.d);
      parameter.add_(direction, new Scalar(-rate / clip));
    }
  }

  private static Tensor elementwise(Slot slot, Scalar newShare) {
    Tensor variance = slot.zeros("variance");
    variance.lerp_(slot.gradient().square(), newShare);
    return variance.clone();
  }

  private static Tensor factored(Slot slot, Scalar newShare, double eps1) {
    Tensor rows = meanSquare(slot.gradient(), -1);
    Tensor columns = meanSquare(slot.gradient(), -2);
    Tensor rowVar = slot.zerosLike("row_var", rows);
    Tensor columnVar = slot.zerosLike("col_var", columns);
    rowVar.lerp_(rows, newShare);
    columnVar.lerp_(columns, newShare);
    Tensor mean = rowVar.mean(new long[] {-2}, true, new ScalarTypeOptional());
    return rowVar.matmul(columnVar).div_(mean.clamp_min_(new Scalar(eps1)));
  }

  private static Tensor meanSquare(Tensor values, long dimension) {
    Tensor norm = values.norm(new ScalarOptional(new Scalar(2)), new long[] {dimension}, true);
    return norm.square_().div_(new Scalar(values.size(dimension)));
  }

  private static double rootMeanSquare(Tensor values) {
    return values.norm().item_double() / Math.sqrt((double) values.numel());
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps1 == null || options.eps1 > 0);
  }

  @Override
  public boolean needsMatrixShape() {
    return true;
  }

  /**
   * Hyper-parameters of Adafactor.
   *
   * @param lr the largest relative step size
   * @param beta2Decay step t averages squared gradients with the weight t^beta2Decay, at most 0
   * @param eps1 lower bound of the root of second moments, null for the machine epsilon
   * @param eps2 lower bound of the scale of a parameter
   * @param d the root mean square of a step is clipped to this
   * @param weightDecay each step multiplies the weights by 1 − lr·weightDecay
   */
  public record Options(
      double lr,
      double beta2Decay,
      @Nullable Double eps1,
      double eps2,
      double d,
      double weightDecay)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value, a beta2Decay above 0 or a d below 1
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      if (!(beta2Decay <= 0)) {
        throw new IllegalArgumentException("beta2Decay must be <= 0, found " + beta2Decay);
      }
      if (eps1 != null) {
        OptionChecks.nonNegative("eps1", eps1);
      }
      OptionChecks.nonNegative("eps2", eps2);
      if (!(d >= 1)) {
        throw new IllegalArgumentException("d must be >= 1, found " + d);
      }
      OptionChecks.nonNegative("weightDecay", weightDecay);
    }

    /**
     * The decay rate of beta2, at most 0: step t averages squared gradients with the weight
     * t^beta2Decay.
     */
    public Options beta2Decay(double value) {
      return with("beta2Decay", value);
    }

    /**
     * The lower bound of the root of the second moments, at least 0; null for the machine epsilon
     * of the type.
     */
    public Options eps1(@Nullable Double value) {
      return new Options(lr, beta2Decay, value, eps2, d, weightDecay);
    }

    /** The lower bound of the scale of a parameter, at least 0. */
    public Options eps2(double value) {
      return with("eps2", value);
    }

    /** The clipping threshold, at least 1: the root mean square of a step does not exceed it. */
    public Options d(double value) {
      return with("d", value);
    }
  }
}
