package dev.filigree.sparsity;

import dev.filigree.mask.Candidates;
import dev.filigree.mask.Masks;
import dev.filigree.nn.Linear;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterLayout;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.storage.CompressedStorage;
import dev.filigree.sparsity.storage.DenseStorage;
import dev.filigree.sparsity.storage.MaskedStorage;
import dev.filigree.sparsity.storage.Storage;
import dev.filigree.sparsity.storage.ZeroingAtOnce;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A parameter of which only some weights exist, however it is stored: a dense tensor whose missing
 * weights are kept at zero (masked), or the existing weights alone (compressed). Algorithms and
 * users see no difference.
 */
public final class SparseParameter implements ParameterLayout {
  private static final Logger LOG = LoggerFactory.getLogger(SparseParameter.class);

  private final String name;
  private final Tensor weight;
  private final long[] shape;
  private ExecutionPlan plan;
  private final GatheredEvidence evidence;
  private final @Nullable Linear layer; // whose inputs are evidence
  private Storage storage;
  private double targetSparsity;
  private long targetKept;

  /**
   * Starts dense.
   *
   * @param layer that the weight belongs to, where it is one of ours
   */
  SparseParameter(
      String name,
      Tensor weight,
      ExecutionPlan plan,
      @Nullable Linear layer,
      Evidence needed,
      GradientExchange exchange) {
    this.name = name;
    // A reference of our own: the caller's may belong to a scope that ends before the training.
    this.weight = new Tensor(weight).retainReference();
    this.shape = Tensors.shape(weight);
    this.plan = plan;
    evidence = new GatheredEvidence(name, this.weight, needed, exchange);
    this.layer = needed instanceof Evidence.InputNorms ? layer : null;
    if (this.layer != null) {
      this.layer.inputListener(evidence::input);
    }
    forwardTensors().values().forEach(this::place);
    storage = allWeights();
    targetKept = size();
  }

  /**
   * A layer whose weights are all zero, before any mask, learns nothing: its initialization was
   * forgotten. Biases begin so.
   */
  void warnIfZero() {
    Tensors.inScope(
        () -> {
          if (shape.length > 1 && size() > 0 && Masks.count(dense().ne(new Scalar(0))) == 0) {
            LOG.warn("{} is all zero: initialise or load the model before it is wrapped", name);
          }
        });
  }

  /** Puts a tensor on the weight's device, as the leaf that it is. */
  private void place(Tensor tensor) {
    if (!tensor.device().equals(weight.device())) {
      tensor.set_data(tensor.detach().to(weight.device(), tensor.scalar_type()));
    }
  }

  /** What the forward weight has of its own, see {@link ForwardWeight#tensors}. */
  Map<String, Tensor> forwardTensors() {
    return plan instanceof ExecutionPlan.Dense(var _, var forward) ? forward.tensors() : Map.of();
  }

  /** Those of {@link #forwardTensors} that an optimizer trains, by full name. */
  Map<String, Tensor> trainedForwardTensors() {
    var trained = new LinkedHashMap<String, Tensor>();
    forwardTensors()
        .forEach(
            (key, tensor) -> {
              if (tensor.requires_grad()) {
                trained.put(name + "/" + key, tensor);
              }
            });
    return trained;
  }

  /** A storage in which all weights exist. */
  private Storage allWeights() {
    return plan instanceof ExecutionPlan.Dense(var itsLayer, var forward)
        ? new DenseStorage(weight, itsLayer, forward::of, evidence)
        : new MaskedStorage(name, weight, evidence);
  }

  /** The parameter's name in its module. */
  public String name() {
    return name;
  }

  /** The shape of the weight, [out_features, in_features] for a linear layer. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Elements of the weight, existing or not. */
  public long size() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** The tensor that the optimizer updates: the weight itself, or the values [kept]. */
  public Tensor weight() {
    return weight;
  }

  /** Weights that exist, counted. */
  public long kept() {
    return storage.kept();
  }

  /** The counted sparsity, a fraction. */
  public double sparsity() {
    return 1 - (double) kept() / size();
  }

  /** The sparsity that the last mask was chosen for, a fraction. */
  public double targetSparsity() {
    return targetSparsity;
  }

  /** How many weights the last mask was chosen to have. */
  long targetKept() {
    return targetKept;
  }

  void setTarget(double sparsity, long kept) {
    targetSparsity = sparsity;
    targetKept = kept;
  }

  /** How the parameter is stored once it has a mask: never {@link Execution#AUTO}. */
  public Execution execution() {
    return plan instanceof ExecutionPlan.Compressed ? Execution.COMPRESSED : Execution.MASKED;
  }

  /** Why the parameter is masked, a phrase; empty where it is compressed. */
  public Optional<String> executionReason() {
    return switch (plan) {
      case ExecutionPlan.Compressed _ -> Optional.empty();
      case ExecutionPlan.Masked(String reason) -> Optional.of(reason);
      case ExecutionPlan.Dense _ -> Optional.of("its algorithm stores all weights");
    };
  }

  /**
   * The positions of weights that exist, where the gradient is a dense tensor with zeros elsewhere:
   * int64 in row-major order. Empty where the gradient has no such zeros.
   */
  Optional<Tensor> keptAmongZeros() {
    return storage instanceof MaskedStorage && kept() < size()
        ? Optional.of(Tensors.scoped(() -> mask().flatten().nonzero().flatten()))
        : Optional.empty();
  }

  /** Whether only the existing weights are stored now. */
  boolean storesKeptOnly() {
    return storage instanceof CompressedStorage;
  }

  /** Bytes that say which weights exist, beside the weight: a mask, or the positions. */
  public long structureBytes() {
    return storage.structureBytes();
  }

  /** Which weights exist: a new bool tensor of the weight's shape. */
  public Tensor mask() {
    return Tensors.scoped(storage::mask);
  }

  /** What the layer multiplies with, dense, zero where no weight exists; not to be changed. */
  public Tensor dense() {
    return Tensors.scoped(
        () ->
            storage instanceof DenseStorage dense
                ? dense.multiplied()
                : storage.toDense(weight.detach()));
  }

  /** The weights that exist, [kept] in row-major order: a new tensor on the weight's device. */
  public Tensor keptValues() {
    return Tensors.scoped(() -> dense().masked_select(mask()));
  }

  /**
   * The dense weight of its kept values.
   *
   * @param values as {@link #keptValues} gives them, on any device
   * @return a new tensor of the weight's shape, on its device
   * @throws IllegalArgumentException when they are not as many as the mask keeps
   */
  public Tensor ofKeptValues(Tensor values) {
    return Tensors.scoped(
        () -> Masks.spread(values.to(weight.device(), Tensors.type(weight)), mask()));
  }

  /** What is stored as a dense tensor, of weights too that do not exist; not to be changed. */
  Tensor stored() {
    return toDense(weight.detach());
  }

  /** Whether weights that do not exist are stored and trained too. */
  public boolean storesAll() {
    return storage instanceof DenseStorage;
  }

  /**
   * Turns a tensor that has the form of {@link #weight} (a gradient, an optimizer's state) into a
   * dense one of the weight's shape, zero where no weight exists; not to be changed.
   */
  @Override
  public Tensor toDense(Tensor stored) {
    return Tensors.scoped(() -> storage.toDense(stored));
  }

  /** The reverse of {@link #toDense}: what the optimizer keeps, of a dense tensor. */
  @Override
  public Tensor fromDense(Tensor dense) {
    return Tensors.scoped(() -> storage.fromDense(dense));
  }

  /** Whether a tensor has the form of {@link #weight}, element by element. */
  boolean hasFormOfWeight(Tensor tensor) {
    return Arrays.equals(Tensors.shape(tensor), Tensors.shape(weight));
  }

  /**
   * The dense gradient that the next mask update will use, where it is kept: in masked execution,
   * or where several backward passes are summed.
   */
  public Optional<Tensor> denseGradient() {
    return evidence.denseGradient();
  }

  GatheredEvidence evidence() {
    return evidence;
  }

  Storage storage() {
    return storage;
  }

  /** As {@link GatheredEvidence#await}: says what the gradients of the next step are for. */
  void await(boolean isWanted, @Nullable Function<Tensor, Candidates> asTheyArrive) {
    evidence.await(isWanted, asTheyArrive);
    if (storage instanceof MaskedStorage masked) {
      masked.listen();
    }
  }

  /** Checks that a tensor can be a mask of this parameter. */
  Tensor requireMask(Tensor mask) {
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
   */
  Tensor requireScores(String which, Tensor scores) {
    if (!scores.is_floating_point() || !Arrays.equals(Tensors.shape(scores), shape)) {
      throw new IllegalArgumentException(
          "the %s score of '%s' is %s%s; it must have a floating point number for each weight, %s"
              .formatted(
                  which,
                  name,
                  Tensors.type(scores),
                  Arrays.toString(Tensors.shape(scores)),
                  Arrays.toString(shape)));
    }
    return scores;
  }

  /**
   * Takes another mask; weights that stay keep their values and state, new ones are zero. While all
   * weights exist, the parameter is stored whole, in every execution: its arithmetic is that of a
   * dense run.
   */
  void setMask(Tensor mask, Optimizer optimizer) {
    Map<String, Tensor> state = optimizer.state(weight);
    Tensor here = mask.to(weight.device(), ScalarType.Bool).contiguous();
    if (plan instanceof ExecutionPlan.Compressed && Masks.count(here) == size()) {
      if (storage instanceof CompressedStorage) {
        storage.makeDense(state);
        storage.detach();
        storage = allWeights();
      }
      return;
    }
    if (plan instanceof ExecutionPlan.Compressed(var linear, var products)
        && storage instanceof MaskedStorage) {
      storage.detach();
      storage = new CompressedStorage(name, weight, linear, products, evidence, here, state);
    } else {
      storage.mask(here, state);
    }
    if (plan instanceof ExecutionPlan.Dense(var _, var forward)) {
      forward.onMask(weight.detach(), here);
    }
  }

  /** Stores the parameter in another way, with the mask that it has. */
  void store(ExecutionPlan other, Optimizer optimizer) {
    Tensors.inScope(
        () -> {
          Tensor mask = mask();
          storage.makeDense(optimizer.state(weight));
          storage.detach();
          plan = other;
          storage = allWeights();
          setMask(mask, optimizer);
        });
  }

  /**
   * Assigns zero to weights that do not exist and, where wanted, to their optimizer state; nothing
   * where {@link ZeroingAtOnce} does it.
   */
  void enforce(Optimizer optimizer, boolean stateToo) {
    if (!stateToo && storage instanceof MaskedStorage masked && masked.isZeroedWithOthers()) {
      return;
    }
    Tensors.inScope(() -> storage.enforce(stateToo ? optimizer.state(weight) : Map.of()));
  }

  /**
   * Counts what is stored.
   *
   * @throws IllegalStateException where that is not what the last mask was chosen to have
   */
  void verify() {
    long outside = storage.nonzeroOutsideMask();
    if (outside > 0) {
      throw new IllegalStateException(name + ": " + outside + " weights exist outside the mask");
    }
    long counted = storage.counted();
    if (counted != targetKept) {
      throw new IllegalStateException(
          "%s: keeps %d of %d weights, its sparsity %s asks for %d"
              .formatted(name, counted, size(), targetSparsity, targetKept));
    }
  }

  /** Undoes what the wrapper did: hooks gone, weight and state dense. Called once. */
  void release(Optimizer optimizer) {
    storage.makeDense(optimizer.state(weight));
    end();
  }

  /** Gives back the memory of the weights and their gradient: the parameter becomes empty. */
  void discard() {
    weight.mutable_grad().reset();
    weight.set_data(torch.empty(new long[] {0}, weight.options(), new MemoryFormatOptional()));
    end();
  }

  private void end() {
    storage.detach();
    evidence.close();
    if (layer != null) {
      layer.inputListener(null);
    }
    weight.close();
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape) + " " + kept() + " kept";
  }
}
