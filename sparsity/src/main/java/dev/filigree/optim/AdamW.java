package dev.filigree.optim;

import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Adam with decoupled weight decay. Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
 * 2019 (arXiv:1711.05101), algorithm 2.
 */
public final class AdamW extends AbstractOptimizer<AdamW.Options> {
  private static final FusedAdam FUSED = new FusedAdam("_fused_adamw_");

  public AdamW(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  public AdamW(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public AdamW(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01, no amsgrad. */
  public static Options options() {
    return new Options(1e-3, 0.9, 0.999, 1e-8, 0.01, false);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    FUSED.update(group, options.beta1, options.beta2, options.eps, options.amsgrad, slots);
  }

  @Override
  public boolean keepsZeros() {
    return allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of AdamW.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay each step multiplies the weights by 1 − lr·weightDecay
   * @param amsgrad divide by the largest second moment so far (Reddi 2018)
   */
  public record Options(
      double lr, double beta1, double beta2, double eps, double weightDecay, boolean amsgrad)
      implements OptimizerOptions {
    public Options {
      Check.adam(lr, beta1, beta2, eps, weightDecay);
    }

    public Options lr(double value) {
      return new Options(value, beta1, beta2, eps, weightDecay, amsgrad);
    }

    public Options betas(double first, double second) {
      return new Options(lr, first, second, eps, weightDecay, amsgrad);
    }

    public Options eps(double value) {
      return new Options(lr, beta1, beta2, value, weightDecay, amsgrad);
    }

    public Options weightDecay(double value) {
      return new Options(lr, beta1, beta2, eps, value, amsgrad);
    }

    public Options amsgrad(boolean value) {
      return new Options(lr, beta1, beta2, eps, weightDecay, value);
    }
  }
}
