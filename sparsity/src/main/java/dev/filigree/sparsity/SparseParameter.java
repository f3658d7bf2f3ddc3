package dev.filigree.sparsity;

import dev.filigree.mask.Grouping;
import dev.filigree.mask.Masks;
import dev.filigree.mask.TieBreak;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterLayout;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of which only some weights exist. Two executions: {@link MaskedParameter}, a dense
 * tensor whose missing weights are kept at zero, and compressed, where only the kept weights are
 * stored. Algorithms and users see no difference.
 */
public abstract class SparseParameter implements ParameterLayout {
  private final String name;
  private final Tensor weight;
  private final long[] shape;
  private final @Nullable String maskedBecause;
  private double targetSparsity;
  private long keptAsked;

  SparseParameter(String name, Tensor weight, long[] shape, @Nullable String maskedBecause) {
    this.name = name;
    this.maskedBecause = maskedBecause;
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
  @Override
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

  /** Masked or compressed; never auto. */
  public abstract Execution execution();

  /** Why the parameter is masked, a phrase; empty where it is compressed. */
  public final Optional<String> executionReason() {
    return Optional.ofNullable(maskedBecause);
  }

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
  @Override
  public abstract Tensor toDense(Tensor state);

  /** The reverse of {@link #toDense}: what the optimizer keeps, of a dense tensor. */
  @Override
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

  /**
   * Checks the scores that an algorithm gave.
   *
   * @param which of its scores, for the error
   * @param expected the shape of the tensors that it was given
   */
  final Tensor requireScores(String which, Tensor scores, long... expected) {
    if (!scores.is_floating_point() || !Arrays.equals(Tensors.shape(scores), expected)) {
      throw new IllegalArgumentException(
          "the %s score of '%s' is %s%s; it must have a floating point number for each weight, %s"
              .formatted(
                  which,
                  name,
                  Tensors.type(scores),
                  Arrays.toString(Tensors.shape(scores)),
                  Arrays.toString(expected)));
    }
    return scores;
  }

  /** The scores of a drop, in the shape of the stored weight. */
  final Tensor dropScores(DropAndGrow plan, Optimizer optimizer) {
    return requireScores(
        "drop", plan.dropScore().apply(keptWeights(optimizer)), Tensors.shape(weight));
  }

  /** The mask after an update, chosen by scores of the whole weight at once. */
  final Tensor updatedMask(
      DropAndGrow plan, Tensor before, MissingWeights missing, Optimizer optimizer) {
    Grouping grouping = plan.shaper().group(name, shape);
    TieBreak ties = plan.ties().at(plan.seed(), name, plan.step());
    Tensor left =
        Masks.dropMinimum(
            dropScores(plan, optimizer),
            before,
            plan.dropFraction(),
            plan.sparsity(),
            grouping,
            ties);
    Tensor scores = requireScores("grow", plan.growScore().apply(missing), shape);
    return Masks.growMaximum(scores, left, plan.sparsity(), grouping, ties);
  }

  /**
   * Rethrows what an algorithm's score threw within the backward pass, where libtorch would have
   * made a text of it.
   */
  void rethrowFailure() {}

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

  /** Undoes what the wrapper did: hooks gone, weight and state dense. Called once. */
  abstract void release(Optimizer optimizer);

  /** Weights that went and that came. */
  record Moved(long dropped, long grown) {}

  @Override
  public final String toString() {
    return name + Arrays.toString(shape) + " " + kept() + " kept";
  }
}
