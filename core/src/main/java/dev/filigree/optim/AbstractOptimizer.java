package dev.filigree.optim;

import dev.filigree.nn.Allocation;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What all our optimizers share: groups, state by parameter, hooks, and the walk over the
 * parameters that have a gradient. An optimizer adds one method, {@link #update}, and says whether
 * it {@link #keepsZeros}.
 *
 * <p>A step runs in a pointer scope of its own and without gradient recording; the state survives
 * it, and any scope of the caller.
 *
 * @param <O> the options of the optimizer
 */
public abstract class AbstractOptimizer<O extends OptimizerOptions> implements Optimizer {
  private final List<ParameterGroup> groups;
  private final O options;
  private final Map<Long, ParameterState> states = new HashMap<>();
  private final Map<Long, Double> factors = new HashMap<>(); // of learning rates that differ
  private final List<Consumer<? super Optimizer>> beforeStep = new ArrayList<>();
  private final List<Consumer<? super Optimizer>> afterStep = new ArrayList<>();
  private long stepsMade;

  /**
   * An optimizer of some groups of parameters.
   *
   * @throws IllegalArgumentException when there is no parameter, one is in two groups or cannot be
   *     trained, or the options of a group are those of another optimizer
   */
  protected AbstractOptimizer(List<ParameterGroup> groups, O options) {
    this.groups = List.copyOf(groups);
    this.options = options;
    for (ParameterGroup group : groups) {
      options(group);
      group.parameters().forEach(this::add);
    }
    if (states.isEmpty()) {
      throw new IllegalArgumentException("an optimizer needs at least one parameter");
    }
  }

  @Override
  public final void add(Tensor parameter, Tensor sibling) {
    state(sibling); // checks that it is one
    ParameterGroup group =
        groups.stream().filter(each -> each.contains(sibling)).findFirst().orElseThrow();
    add(parameter);
    group.add(parameter);
  }

  private void add(Tensor parameter) {
    String shape = Arrays.toString(Tensors.shape(parameter));
    if (!parameter.is_leaf() || !parameter.is_floating_point()) {
      throw new IllegalArgumentException(
          "a parameter must be a leaf tensor of floating point numbers, one of shape "
              + shape
              + " is not");
    }
    if (!parameter.is_non_overlapping_and_dense() && !Allocation.isUnfilled(parameter)) {
      throw new IllegalArgumentException(
          "a parameter must fill its memory without gaps, one of shape " + shape + " does not");
    }
    if (states.put(Tensors.identity(parameter), new ParameterState()) != null) {
      throw new IllegalArgumentException("a parameter of shape " + shape + " is there twice");
    }
  }

  /** Registers what runs before every step. */
  public final void beforeStep(Consumer<? super Optimizer> hook) {
    beforeStep.add(hook);
  }

  /** Registers what runs after every step. */
  public final void afterStep(Consumer<? super Optimizer> hook) {
    afterStep.add(hook);
  }

  @Override
  public final List<ParameterGroup> groups() {
    return groups;
  }

  @Override
  public final void step() {
    beforeStep.forEach(hook -> hook.accept(this));
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      for (ParameterGroup group : groups) {
        byFactor(slots(group))
            .forEach((factor, slots) -> update(group.scaled(factor), options(group), slots));
      }
    }
    stepsMade++;
    afterStep.forEach(hook -> hook.accept(this));
  }

  @Override
  public final long stepsMade() {
    return stepsMade;
  }

  /**
   * Updates the parameters of a group that have a gradient.
   *
   * @param group gives the learning rate and the weight decay of this step
   * @param options all other hyper-parameters of the group
   */
  protected abstract void update(ParameterGroup group, O options, List<Slot> slots);

  @Override
  public final Map<String, Tensor> state(Tensor parameter) {
    ParameterState state = states.get(Tensors.identity(parameter));
    if (state == null) {
      throw new IllegalArgumentException(
          "not a parameter of this optimizer: a tensor of shape "
              + Arrays.toString(Tensors.shape(parameter)));
    }
    return state;
  }

  /** The options of a group: its own, or those given to the optimizer. */
  final O options(ParameterGroup group) {
    OptimizerOptions own = group.options();
    if (own == null) {
      return options;
    }
    if (own.getClass() != options.getClass()) {
      throw new IllegalArgumentException(
          "a parameter group of " + getClass().getSimpleName() + " has the options " + own);
    }
    @SuppressWarnings("unchecked") // same class as options
    O cast = (O) own;
    return cast;
  }

  /** Whether a fact holds for the options of every group. */
  protected final boolean allOptions(Predicate<? super O> fact) {
    return groups.stream().map(this::options).allMatch(fact);
  }

  @Override
  public final void learningRateFactor(Tensor parameter, double factor) {
    if (!(factor > 0 && factor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "the factor of a learning rate must be above 0 and finite, found " + factor);
    }
    state(parameter); // checks that it is one
    if (factor == 1) {
      factors.remove(Tensors.identity(parameter));
    } else {
      factors.put(Tensors.identity(parameter), factor);
    }
  }

  private Map<Double, List<Slot>> byFactor(List<Slot> slots) {
    var sorted = new LinkedHashMap<Double, List<Slot>>();
    for (Slot slot : slots) {
      double factor =
          factors.isEmpty() ? 1 : factors.getOrDefault(Tensors.identity(slot.parameter()), 1.0);
      sorted.computeIfAbsent(factor, key -> new ArrayList<>()).add(slot);
    }
    return sorted;
  }

  private List<Slot> slots(ParameterGroup group) {
    var slots = new ArrayList<Slot>();
    for (Tensor parameter : group.parameters()) {
      Tensor gradient = parameter.grad();
      if (gradient.defined()) {
        slots.add(new Slot(parameter, alike(parameter, gradient), state(parameter)));
      }
    }
    return slots;
  }

  /** The gradient in the memory layout of its parameter, which the fused updates take for given. */
  private static Tensor alike(Tensor parameter, Tensor gradient) {
    if (gradient.is_sparse()) {
      throw new IllegalArgumentException(
          "gradients must be dense, that of a parameter of shape "
              + Arrays.toString(Tensors.shape(parameter))
              + " is a sparse tensor");
    }
    if (gradient.numel() != parameter.numel()) {
      throw new IllegalArgumentException(
          "a gradient has the shape "
              + Arrays.toString(Tensors.shape(gradient))
              + ", its parameter "
              + Arrays.toString(Tensors.shape(parameter)));
    }
    if ((gradient.is_contiguous() && parameter.is_contiguous())
        || Arrays.equals(gradient.strides().vec().get(), parameter.strides().vec().get())) {
      return gradient;
    }
    return torch.empty_like(parameter).copy_(gradient);
  }
}
