package dev.filigree.optim;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Updates parameters from their gradients. What a training loop calls: {@link #step} after the
 * backward pass, then {@link #zeroGrad}. Our own optimizers, the adapter for libtorch's and the
 * sparse wrapper are all Optimizers, so that one takes the place of another.
 *
 * <p>Not thread-safe. A parameter is known by its libtorch identity (the address of its
 * TensorImpl): two Java objects may stand for the same parameter.
 */
public interface Optimizer {
  /** The parameter groups; learning rate and weight decay may be set between steps. */
  List<ParameterGroup> groups();

  /** One update of every parameter that has a gradient. */
  void step();

  /** Forgets the gradients of all parameters: they are undefined afterwards, not zero. */
  default void zeroGrad() {
    try (var _ = new PointerScope()) {
      for (ParameterGroup group : groups()) {
        for (Tensor parameter : group.parameters()) {
          parameter.mutable_grad().reset();
        }
      }
    }
  }

  /**
   * The live state tensors of a parameter by PyTorch's names ({@code exp_avg}, {@code exp_avg_sq},
   * {@code step}, ...): empty before its first step. Replacing an entry replaces the state.
   *
   * @throws IllegalArgumentException when the optimizer does not hold the parameter
   */
  Map<String, Tensor> state(Tensor parameter);

  /**
   * Whether a weight that is zero, with zero state and zero gradient, stays zero through a step,
   * and its state too. True for every elementwise optimizer whose state starts at zero.
   */
  boolean keepsZeros();

  /**
   * Whether the update of a matrix needs its shape [rows, columns], because it uses whole rows and
   * columns. Such an optimizer cannot train the kept weights of a matrix as a vector.
   */
  default boolean needsMatrixShape() {
    return false;
  }

  /**
   * How a parameter and its state are stored: as they appear, unless the parameter is sparse and
   * compressed.
   */
  default ParameterLayout layout(Tensor parameter) {
    return ParameterLayout.asStored(parameter);
  }

  /**
   * Called after the gradients of the step were divided by a loss scale, for those who gathered
   * gradients as they arrived.
   *
   * @param scale the factor that was on the loss
   */
  default void gradientsUnscaled(double scale) {}

  /**
   * Called when a step is skipped, for instance because a gradient is not finite: what its forward
   * and backward passes gathered is void.
   */
  default void stepSkipped() {}

  /**
   * Trains another parameter too, in the group of one that it has: with its learning rate, weight
   * decay and options.
   *
   * @param parameter a leaf tensor of floating point numbers
   * @param sibling a parameter of the optimizer
   * @throws IllegalArgumentException when the optimizer has no such sibling, or cannot take
   *     parameters once it is made
   */
  default void add(Tensor parameter, Tensor sibling) {
    throw new IllegalArgumentException(
        getClass().getSimpleName()
            + " takes no parameters once it is made; the optimizers of dev.filigree.optim do");
  }

  /**
   * Multiplies the learning rate of one parameter, and divides its weight decay by the same, so
   * that their product stays: from the next step on, also when the rate of its group changes.
   *
   * @param parameter of the optimizer
   * @param factor above 0 and finite; 1 by default
   * @throws IllegalArgumentException for another factor or parameter, or when the optimizer has one
   *     learning rate for a group
   */
  default void learningRateFactor(Tensor parameter, double factor) {
    throw new IllegalArgumentException(
        getClass().getSimpleName()
            + " has no learning rate for a parameter of its own; the optimizers of"
            + " dev.filigree.optim do");
  }

  /**
   * Counts for each weight of a parameter the steps since it had no state, its age, and corrects
   * the bias of its moments by that count instead of the optimizer's. Weights that came after the
   * first step take a part of their update that rises linearly to the whole.
   *
   * @param parameter of the optimizer
   * @param warmup steps until the update is whole, in [0, 32766]; 0 for at once
   * @throws IllegalArgumentException for another parameter, or when the optimizer is not Adam or
   *     AdamW
   */
  default void countAges(Tensor parameter, int warmup) {
    throw new IllegalArgumentException(
        "ages of single weights are counted by Adam and AdamW only, not by "
            + getClass().getSimpleName());
  }

  /** Steps since the optimizer was made; −1 for one that does not count them. */
  default long stepsMade() {
    return -1;
  }
}
