package dev.filigree.optim;

import dev.filigree.torch.Aten;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Adam. Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015 (arXiv:1412.6980),
 * algorithm 1. ATen's fused update takes one pass over the memory of a parameter and its state.
 */
public sealed class Adam extends AbstractOptimizer<Adam.Options> permits AdamW {
  private static final Aten COUNT = Aten.of("_foreach_add_", "Scalar");
  private static final Aten FUSED = Aten.of("_fused_adam_", "");

  private final Map<Long, WeightAges> ages = new HashMap<>(); // by identity of the parameter

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public Adam(TensorVector parameters, Options options) {
    this(ParameterGroup.elements(parameters), options);
  }

  /** One group of parameters, all with the same options. */
  public Adam(Collection<Tensor> parameters, Options options) {
    this(List.of(options.group(parameters)), options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public Adam(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay, no amsgrad. */
  public static Options options() {
    return new Options(1e-3, 0.9, 0.999, 1e-8, 0, false);
  }

  /** The update, which is told the weight decay. */
  Aten fused() {
    return FUSED;
  }

  /** Whether weights decay apart from their gradient. */
  boolean isDecoupled() {
    return false;
  }

  @Override
  public final void countAges(Tensor parameter, int warmup) {
    state(parameter); // checks that it is one
    ages.put(Tensors.identity(parameter), new WeightAges(warmup));
  }

  @Override
  protected final void update(ParameterGroup group, Options options, List<Slot> slots) {
    var fused = new ArrayList<Slot>();
    for (Slot slot : slots) {
      WeightAges counted = ages.get(Tensors.identity(slot.parameter()));
      if (counted == null) {
        fused.add(slot);
      } else {
        counted.update(slot, group, options, isDecoupled());
      }
    }
    for (List<Slot> kind : Slot.byKind(fused)) {
      List<Tensor> steps = kind.stream().map(Adam::step).toList();
      COUNT.call(steps, 1L);
      fused()
          .call(
              kind.stream().map(Slot::parameter).toList(),
              kind.stream().map(Slot::gradient).toList(),
              kind.stream().map(slot -> slot.zeros("exp_avg")).toList(),
              kind.stream().map(slot -> slot.zeros("exp_avg_sq")).toList(),
              options.amsgrad
                  ? kind.stream().map(slot -> slot.zeros("max_exp_avg_sq")).toList()
                  : List.of(),
              steps,
              group.learningRate(),
              options.beta1,
              options.beta2,
              group.weightDecay(),
              options.eps,
              options.amsgrad,
              false, // maximize
              null, // grad_scale
              null); // found_inf
    }
  }

  /** The number of steps, on the parameter's device, where the fused update reads it. */
  private static Tensor step(Slot slot) {
    Tensor parameter = slot.parameter();
    if (slot.state().containsKey("step")) {
      Tensor step = slot.get("step");
      return step.is_cuda() == parameter.is_cuda()
          ? step
          : slot.create("step", step.to(parameter.device(), ScalarType.Float));
    }
    var options = parameter.options().dtype(new ScalarTypeOptional(ScalarType.Float));
    return slot.create("step", torch.scalar_tensor(new Scalar(0f), options));
  }

  /** Ages of weights that do not exist would rise. */
  @Override
  public final boolean keepsZeros() {
    return ages.isEmpty() && allOptions(options -> options.eps > 0);
  }

  /**
   * Hyper-parameters of Adam and AdamW.
   *
   * @param lr learning rate
   * @param beta1 decay rate of the mean of the gradients
   * @param beta2 decay rate of the mean of the squared gradients
   * @param eps added to the denominator
   * @param weightDecay Adam: factor of the L2 penalty; AdamW: each step multiplies the weights by 1
   *     − lr·weightDecay
   * @param amsgrad divide by the largest second moment so far (Reddi 2018)
   */
  public record Options(
      double lr, double beta1, double beta2, double eps, double weightDecay, boolean amsgrad)
      implements OptimizerOptions.OfAdam<Options> {
    /**
     * Options with all their values.
     *
     * @throws IllegalArgumentException for a negative value or a beta outside [0, 1)
     */
    public Options {
      OptionChecks.adam(lr, beta1, beta2, eps, weightDecay);
    }

    /** Whether to divide by the largest second moment so far, the AMSGrad variant. */
    public Options amsgrad(boolean value) {
      return with("amsgrad", value);
    }
  }
}
