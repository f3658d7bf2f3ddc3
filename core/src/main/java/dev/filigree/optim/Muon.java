package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Muon: momentum, made orthogonal by Newton-Schulz iterations; for the matrices of hidden layers,
 * others need another optimizer. Jordan et al., "Muon: An optimizer for hidden layers in neural
 * networks", 2024; Liu et al., "Muon is Scalable for LLM Training", 2025 (arXiv:2502.16982).
 */
public final class Muon extends AbstractOptimizer<Muon.Options> {
  /**
   * One group of parameters, such as the {@code parameters()} of a module; each must be a matrix.
   */
  public Muon(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options; each must be a matrix. */
  public Muon(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Muon(List<ParameterGroup> groups, Options options) {
    super(groups, options);
    for (ParameterGroup group : groups) {
      for (Tensor parameter : group.parameters()) {
        if (parameter.dim() != 2) {
          throw new IllegalArgumentException(
              "Muon trains matrices, found a parameter of shape "
                  + Arrays.toString(Tensors.shape(parameter)));
        }
      }
    }
  }

  /** lr 1e-3, weight decay 0.1, momentum 0.95, Nesterov, 5 iterations, the original adjustment. */
  public static Options options() {
    return new Options(1e-3, 0.1, 0.95, true, 1e-7, 5, Adjustment.ORIGINAL);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (Slot slot : slots) {
      Tensor gradient = slot.gradient();
      Tensor buffer = slot.mean("momentum_buffer", options.momentum, gradient);
      Tensor momentum =
          options.nesterov ? gradient.lerp(buffer, new Scalar(options.momentum)) : buffer;
      Tensor direction = NewtonSchulz.orthogonalize(momentum, options.iterations, options.eps);
      double lr = group.learningRate();
      slot.decay(lr, group.weightDecay());
      double rate = lr * options.adjustment.factor(gradient.size(0), gradient.size(1));
      slot.parameter().add_(direction, new Scalar(-rate));
    }
  }

  @Override
  public boolean keepsZeros() {
    return false;
  }

  @Override
  public boolean needsMatrixShape() {
    return true;
  }

  /** How the learning rate depends on the shape [rows, columns] of a matrix. */
  public enum Adjustment {
    /** Jordan's: √(max(1, rows/columns)). */
    ORIGINAL,
    /** Moonshot's: 0.2·√(max(rows, columns)), so that learning rates of AdamW can be kept. */
    MATCH_RMS_ADAMW;

    double factor(long rows, long columns) {
      return switch (this) {
        case ORIGINAL -> Math.sqrt(Math.max(1, (double) rows / columns));
        case MATCH_RMS_ADAMW -> 0.2 * Math.sqrt((double) Math.max(rows, columns));
      };
    }
  }

  /**
   * Hyper-parameters of Muon.
   *
   * @param lr learning rate
   * @param weightDecay each step multiplies the weights by 1 − lr·weightDecay
   * @param momentum decay rate of the momentum
   * @param nesterov look ahead along the momentum
   * @param eps lower bound of the norm that the momentum is divided by
   * @param iterations Newton-Schulz iterations, below 100
   * @param adjustment how the learning rate depends on the shape
   */
  public record Options(
      double lr,
      double weightDecay,
      double momentum,
      boolean nesterov,
      double eps,
      int iterations,
      Adjustment adjustment)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value, a momentum outside [0, 1) or
     *     iterations outside [0, 100)
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      OptionChecks.nonNegative("weightDecay", weightDecay);
      OptionChecks.decay("momentum", momentum);
      OptionChecks.nonNegative("eps", eps);
      if (iterations < 0 || iterations >= 100) {
        throw new IllegalArgumentException("iterations must be in [0, 100), found " + iterations);
      }
    }

    /** The decay rate of the momentum, in [0, 1). */
    public Options momentum(double value) {
      return with("momentum", value);
    }

    /** Whether to use Nesterov momentum. */
    public Options nesterov(boolean value) {
      return with("nesterov", value);
    }

    /** The lower bound of the norm that the momentum is divided by, at least 0. */
    public Options eps(double value) {
      return with("eps", value);
    }

    /** The number of Newton-Schulz iterations, in [0, 100). */
    public Options iterations(int value) {
      return with("iterations", value);
    }

    /** How the learning rate is adjusted to the shape of a matrix. */
    public Options adjustment(Adjustment value) {
      return with("adjustment", value);
    }
  }
}
