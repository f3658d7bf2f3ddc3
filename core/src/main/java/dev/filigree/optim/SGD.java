package dev.filigree.optim;

import dev.filigree.torch.Aten;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Stochastic gradient descent, with momentum if wished. Sutskever et al., "On the importance of
 * initialization and momentum in deep learning", 2013; as in PyTorch the momentum buffer sums
 * gradients, not steps, and the first gradient enters it undamped.
 */
public final class SGD extends AbstractOptimizer<SGD.Options> {
  private static final Aten FUSED = Aten.of("_fused_sgd_", "");

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public SGD(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public SGD(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public SGD(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, without momentum, dampening, weight decay and Nesterov. */
  public static Options options() {
    return new Options(1e-3, 0, 0, 0, false);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (List<Slot> kind : Slot.byKind(slots)) {
      if (options.momentum == 0) {
        fused(group, options, kind, false);
        continue;
      }
      Map<Boolean, List<Slot>> byFirst =
          kind.stream()
              .collect(
                  Collectors.partitioningBy(slot -> !slot.state().containsKey("momentum_buffer")));
      byFirst.forEach((first, part) -> fused(group, options, part, first));
    }
  }

  private static void fused(
      ParameterGroup group, Options options, List<Slot> slots, boolean first) {
    if (slots.isEmpty()) {
      return;
    }
    FUSED.call(
        slots.stream().map(Slot::parameter).toList(),
        slots.stream().map(Slot::gradient).toList(),
        options.momentum == 0
            ? List.of()
            : slots.stream().map(slot -> slot.zeros("momentum_buffer")).toList(),
        group.weightDecay(),
        options.momentum,
        group.learningRate(),
        options.dampening,
        options.nesterov,
        false, // maximize
        first,
        null, // grad_scale
        null); // found_inf
  }

  @Override
  public boolean keepsZeros() {
    return true;
  }

  /**
   * Hyper-parameters of SGD.
   *
   * @param lr learning rate
   * @param momentum factor of the momentum buffer, 0 for none
   * @param dampening how much of a new gradient does not enter the buffer
   * @param weightDecay factor of the L2 penalty
   * @param nesterov step along gradient + momentum·buffer
   */
  public record Options(
      double lr, double momentum, double dampening, double weightDecay, boolean nesterov)
      implements OptimizerOptions.Of<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative learning rate, momentum or weight decay, and
     *     for Nesterov momentum without momentum or with dampening
     */
    public Options {
      OptionChecks.nonNegative("lr", lr);
      OptionChecks.nonNegative("momentum", momentum);
      OptionChecks.nonNegative("weightDecay", weightDecay);
      if (nesterov && (momentum == 0 || dampening != 0)) {
        throw new IllegalArgumentException(
            "Nesterov momentum needs momentum > 0 and no dampening, found momentum "
                + momentum
                + " and dampening "
                + dampening);
      }
    }

    /** The momentum factor, at least 0; 0 for plain SGD. */
    public Options momentum(double value) {
      return with("momentum", value);
    }

    /** The dampening of momentum: a new gradient enters the buffer times 1 − dampening. */
    public Options dampening(double value) {
      return with("dampening", value);
    }

    /**
     * Whether to use Nesterov momentum, which needs momentum above 0 and no dampening; set those
     * first.
     */
    public Options nesterov(boolean value) {
      return with("nesterov", value);
    }
  }
}
