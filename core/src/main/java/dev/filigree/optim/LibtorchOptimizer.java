package dev.filigree.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdagradOptions;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.OptimizerOptions;
import org.bytedeco.pytorch.OptimizerParamGroupVector;
import org.bytedeco.pytorch.RMSpropOptions;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;

/**
 * One of libtorch's own optimizers as an {@link Optimizer}, for code that already has one. Learning
 * rates and weight decays are set through {@link #groups}; what libtorch's own param_groups() say
 * is overwritten by every step.
 *
 * <p>The binding has no access to the state; it is reached through libtorch's archives: the first
 * access to the state after a parameter has gained one writes the whole state to a temporary file
 * and reads it back, once. After that the tensors are the optimizer's own. Steps must be taken
 * through this object. Our own optimizers have no such detour.
 */
public final class LibtorchOptimizer implements Optimizer {
  private final org.bytedeco.pytorch.Optimizer optimizer;
  private final List<ParameterGroup> groups = new ArrayList<>();
  private final LibtorchState state;
  private long stepsMade;

  private LibtorchOptimizer(org.bytedeco.pytorch.Optimizer optimizer) {
    this.optimizer = optimizer.retainReference();
    try (var _ = new PointerScope()) {
      OptimizerParamGroupVector vector = optimizer.param_groups();
      for (long i = 0; i < vector.size(); i++) {
        OptimizerOptions options = vector.get(i).options();
        groups.add(
            new ParameterGroup(
                ParameterGroup.elements(vector.get(i).params()),
                options.get_lr(),
                weightDecay(options).get()));
      }
    }
    state = new LibtorchState(optimizer, groups);
  }

  /**
   * Wraps an AdamW, Adam, SGD, RMSprop or Adagrad of libtorch.
   *
   * @throws IllegalArgumentException for LBFGS, whose step needs a closure, and for an optimizer
   *     whose Java object does not know its type
   */
  public static LibtorchOptimizer of(org.bytedeco.pytorch.Optimizer optimizer) {
    return new LibtorchOptimizer(optimizer);
  }

  @Override
  public List<ParameterGroup> groups() {
    return List.copyOf(groups);
  }

  @Override
  public void step() {
    try (var _ = new PointerScope()) {
      OptimizerParamGroupVector vector = optimizer.param_groups();
      for (int i = 0; i < groups.size(); i++) {
        OptimizerOptions options = vector.get(i).options();
        options.set_lr(groups.get(i).learningRate());
        weightDecay(options).put(groups.get(i).weightDecay());
      }
      state.beforeStep();
      optimizer.step();
      state.afterStep();
      stepsMade++;
    }
  }

  @Override
  public long stepsMade() {
    return stepsMade;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Get tensors from the map each time: they change when another parameter gains its state. A
   * tensor of the same shape put into the map is copied into the optimizer's; one of another shape,
   * or a step count, makes the next step pass all state through an archive. An emptied map becomes
   * zeros.
   */
  @Override
  public Map<String, Tensor> state(Tensor parameter) {
    return state.of(parameter);
  }

  @Override
  public boolean keepsZeros() {
    try (var _ = new PointerScope()) {
      OptimizerParamGroupVector vector = optimizer.param_groups();
      for (long i = 0; i < vector.size(); i++) {
        if (!keepsZeros(vector.get(i).options())) {
          return false;
        }
      }
      return true;
    }
  }

  private boolean keepsZeros(OptimizerOptions options) {
    return switch (optimizer) {
      case org.bytedeco.pytorch.AdamW _ -> new AdamWOptions(options).eps().get() > 0;
      case org.bytedeco.pytorch.Adam _ -> new AdamOptions(options).eps().get() > 0;
      case org.bytedeco.pytorch.RMSprop _ -> new RMSpropOptions(options).eps().get() > 0;
      case org.bytedeco.pytorch.Adagrad _ -> {
        var adagrad = new AdagradOptions(options);
        yield adagrad.eps().get() > 0 && adagrad.initial_accumulator_value().get() == 0;
      }
      default -> true; // SGD
    };
  }

  private DoublePointer weightDecay(OptimizerOptions options) {
    return switch (optimizer) {
      case org.bytedeco.pytorch.AdamW _ -> new AdamWOptions(options).weight_decay();
      case org.bytedeco.pytorch.Adam _ -> new AdamOptions(options).weight_decay();
      case org.bytedeco.pytorch.SGD _ -> new SGDOptions(options).weight_decay();
      case org.bytedeco.pytorch.RMSprop _ -> new RMSpropOptions(options).weight_decay();
      case org.bytedeco.pytorch.Adagrad _ -> new AdagradOptions(options).weight_decay();
      default ->
          throw new IllegalArgumentException(
              "LibtorchOptimizer wraps AdamW, Adam, SGD, RMSprop and Adagrad, found "
                  + optimizer.getClass().getSimpleName());
    };
  }
}
