package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of which only some weights exist. Two executions: {@link MaskedParameter}, a dense
 * tensor whose missing weights are kept at zero, and compressed, where only the kept weights are
 * stored. Algorithms and users see no difference.
 */
public abstract class SparseParameter {
  private final String name;
  private final Tensor weight;
  private final long[] shape;
  private double targetSparsity;
  private long keptAsked;

  SparseParameter(String name, Tensor weight, long[] shape) {
    this.name = name;
    // A reference of our own: the caller's may belong to a scope that ends before the training.
    this.weight = new Tensor(weight).retainReference();
    this.shape = shape.clone();
    keptAsked = size();
  }

  /** The parameter's name in its module. */
  public final String name() {
    return name;
  }

  /** The shape of the weight, [out_features, in_features] for a linear layer. */
  public final long[] shape() {
    return shape.clone();
  }

  /** Elements of the weight, existing or not. */
  public final long size() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** The tensor that the optimizer updates: the weight itself, or the values [kept]. */
  public final Tensor weight() {
    return weight;
  }

  /** Weights that exist, counted. */
  public abstract long kept();

  /** The counted sparsity, a fraction. */
  public final double sparsity() {
    return 1 - (double) kept() / size();
  }

  /** The sparsity that was last asked of the parameter, a fraction. */
  public final double targetSparsity() {
    return targetSparsity;
  }

  /** How many weights should exist since the mask was last chosen. */
  final long keptAsked() {
    return keptAsked;
  }

  /** Notes what was asked of the mask that was just chosen. */
  final void asked(double sparsity, long weights) {
    targetSparsity = sparsity;
    keptAsked = weights;
  }

  public abstract Execution execution();

  /** Bytes that say which weights exist, beside the weight: a mask, or the positions. */
  public abstract long structureBytes();

  /** Which weights exist: a new bool tensor of the weight's shape. */
  public abstract Tensor mask();

  /** The weight as a dense tensor, zero where no weight exists; not to be changed. */
  public abstract Tensor dense();

  /**
   * Turns a tensor that follows the weight (an optimizer's state) into a dense one of the weight's
   * shape, zero where no weight exists.
   */
  public abstract Tensor toDense(Tensor state);

  /** The reverse of {@link #toDense}: what the optimizer keeps, of a dense tensor. */
  public abstract Tensor fromDense(Tensor dense);

  /** Whether a tensor of the optimizer's state follows the weight element by element. */
  final boolean follows(Tensor state) {
    return Arrays.equals(Tensors.shape(state), Tensors.shape(weight));
  }

  /** A state tensor of the optimizer by name. */
  private Tensor stateOf(Optimizer optimizer, String stateName) {
    Tensor state = optimizer.state(weight).get(stateName);
    if (state == null || !follows(state)) {
      throw new IllegalArgumentException(
          name
              + ": the optimizer keeps no '"
              + stateName
              + "', only "
              + optimizer.state(weight).keySet());
    }
    return state;
  }

  /** The weights as the score of a drop sees them. */
  final KeptWeights keptWeights(Optimizer optimizer) {
    return new KeptWeights() {
      @Override
      public Tensor values() {
        return weight.detach();
      }

      @Override
      public Tensor optimizerState(String stateName) {
        return stateOf(optimizer, stateName);
      }
    };
  }

  /** Checks that a tensor can be a mask of this parameter. */
  final Tensor requireMask(Tensor mask) {
    if (Tensors.type(mask) != ScalarType.Bool) {
      throw new IllegalArgumentException(
          "the mask of '" + name + "' must be of type Bool, found " + Tensors.type(mask));
    }
    if (!Arrays.equals(Tensors.shape(mask), shape)) {
      throw new IllegalArgumentException(
          "the mask of '%s' has shape %s, the weight %s"
              .formatted(name, Arrays.toString(Tensors.shape(mask)), Arrays.toString(shape)));
    }
    return mask;
  }

  /** How many weights exist, counted where they are stored. */
  abstract long counted();

  /** How many elements outside the mask are not zero. */
  abstract long astray();

  /** Replaces the mask: the first one, or one read from a checkpoint. */
  abstract void setMask(Tensor mask, Optimizer optimizer);

  /** Assigns zero to weights that do not exist and, if asked, to their optimizer state. */
  abstract void prune(Optimizer optimizer, boolean stateToo);

  /**
   * Says what update the next step ends with, if it needs the dense gradient of that step; null for
   * none.
   */
  abstract void awaitUpdate(@Nullable DropAndGrow plan);

  /** Whether the gradient that an awaited update needs is there. */
  abstract boolean canGrowByGradient();

  /**
   * The dense gradient that the next mask update will look at: there after the backward pass before
   * an update that grows by gradient, summed over micro-batches; in compressed execution only where
   * micro-batches are summed. Replicas that train in parallel average it in place, as they do the
   * gradients, or their masks drift apart.
   */
  public Optional<Tensor> denseGradient() {
    return Optional.empty();
  }

  /** Forgets a captured dense gradient. */
  abstract void forgetGradient();

  /** Carries out a mask update; returns how many weights went and came. */
  abstract Moved update(DropAndGrow plan, Optimizer optimizer);

  /** Gives back the memory of the weights and their gradient: the parameter becomes empty. */
  void empty() {
    weight.mutable_grad().reset();
    weight.set_data(torch.empty(new long[] {0}, weight.options(), new MemoryFormatOptional()));
  }

  /** Undoes what the wrapper did: hooks gone, weight and state dense. Called once. */
  abstract void release(Optimizer optimizer);

  /** Weights that went and that came. */
  record Moved(long dropped, long grown) {}

  @Override
  public final String toString() {
    return name + Arrays.toString(shape) + " " + kept() + " kept";
  }
}
