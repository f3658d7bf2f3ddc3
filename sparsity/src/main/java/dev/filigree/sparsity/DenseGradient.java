package dev.filigree.sparsity;

import dev.filigree.mask.RandomScores;
import dev.filigree.torch.GradientHook;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The dense gradient of a weight that is stored whole, kept where the next update needs it: before
 * anything clips or scales it, summed over the micro-batches of a step.
 */
final class DenseGradient implements AutoCloseable {
  private final String name;
  private final Tensor weight;
  private final GradientHook hook;
  private final int registration;
  private boolean wanted;
  private @Nullable Tensor sum;

  /**
   * Listens to the gradients of a weight.
   *
   * @param name the parameter's name, for errors
   * @param onward from an arriving gradient to the one that is accumulated
   */
  DenseGradient(String name, Tensor weight, UnaryOperator<Tensor> onward) {
    this.name = name;
    this.weight = weight;
    hook =
        new GradientHook() {
          @Override
          protected Tensor receive(Tensor gradient) {
            capture(gradient);
            return onward.apply(gradient);
          }
        };
    registration = weight.register_hook(hook);
  }

  /** Says whether the gradients of the next step are needed. */
  void await(boolean isWanted) {
    wanted = isWanted;
  }

  /** The gradient of this step, where it was needed and has arrived. */
  Optional<Tensor> sum() {
    return Optional.ofNullable(sum);
  }

  void forget() {
    if (sum != null) {
      sum.close();
      sum = null;
    }
  }

  private void capture(Tensor gradient) {
    if (gradient.is_sparse()) {
      throw new IllegalStateException(
          name + ": gradients must be dense; make its embedding without sparse gradients");
    }
    if (!wanted) {
      return;
    }
    if (!weight.grad().defined()) {
      forget(); // The first micro-batch of a step; the step before may have been skipped.
    }
    if (sum == null) {
      sum = gradient.clone().retainReference();
    } else {
      sum.add_(gradient);
    }
  }

  /** The missing weights as the score of a growth sees them: all of the weight at once. */
  MissingWeights missing(DropAndGrow plan, long[] shape) {
    return new MissingWeights() {
      @Override
      public Tensor gradient() {
        return sum()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        name
                            + ": no dense gradient was captured; does the algorithm say"
                            + " growsByGradient?"));
      }

      @Override
      public Tensor random() {
        return RandomScores.of(plan.seed(), name, plan.step()).tensor(weight.device(), shape);
      }

      @Override
      public Tensor zeros() {
        return torch.zeros_like(weight);
      }
    };
  }

  @Override
  public void close() {
    weight.remove_hook(registration);
    hook.close();
    forget();
  }
}
