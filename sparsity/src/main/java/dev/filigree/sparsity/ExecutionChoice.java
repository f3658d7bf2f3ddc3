package dev.filigree.sparsity;

import dev.filigree.mask.SelectionGroups;
import dev.filigree.nn.Linear;
import dev.filigree.nn.WeightedLayer;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.storage.SparseProducts;
import dev.filigree.torch.Tensors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SharedModuleVector;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Decides for each parameter how it is stored and computed with, and owns the products of those
 * that are compressed.
 */
final class ExecutionChoice implements AutoCloseable {
  private static final String LIBTORCH = "torch::nn::";
  private static final double LEAST_SPARSITY = 0.5; // below it no machine gains

  /** On a GPU compressed layers save memory, not time, and small ones have none to save. */
  private static final long LEAST_ELEMENTS_ON_A_GPU = 1 << 20;

  // By the identity of a parameter: the kind of libtorch's own module that holds it.
  private final Map<Long, String> libtorchModules = new HashMap<>();
  private final Map<String, SparseProducts> products = new HashMap<>(); // by device
  private final Optimizer optimizer;
  private final SparsityOptions options;

  ExecutionChoice(Collection<Module> models, Optimizer optimizer, SparsityOptions options) {
    this.optimizer = optimizer;
    this.options = options;
    models.forEach(this::findLibtorchModules);
  }

  private void findLibtorchModules(Module model) {
    SharedModuleVector modules = model.modules();
    for (long i = 0; i < modules.size(); i++) {
      Module module = modules.get(i);
      String kind = module.name().getString();
      if (kind.startsWith(LIBTORCH)) {
        for (Tensor parameter : Tensors.ownParameters(module).values()) {
          libtorchModules.put(Tensors.identity(parameter), kind.substring(LIBTORCH.length()));
        }
      }
    }
  }

  /** The layer that a weight belongs to, where it is one of ours. */
  @Nullable WeightedLayer layer(Tensor weight) {
    return WeightedLayer.of(weight).orElse(null);
  }

  /** Whether the options leave it to the program how a parameter is stored. */
  boolean isOpen() {
    return options.execution() == Execution.AUTO;
  }

  /**
   * How a parameter is stored.
   *
   * @throws IllegalArgumentException when the options, or the algorithm, ask for what is impossible
   */
  ExecutionPlan choose(String name, Tensor weight, SparsityAlgorithm algorithm) {
    if (algorithm.evidence() instanceof Evidence.InputNorms && !(layer(weight) instanceof Linear)) {
      throw new IllegalArgumentException(
          "'" + name + "': the inputs of its layer are known only in a dev.filigree.nn.Linear");
    }
    ForwardWeight forward = algorithm.forwardWeight();
    if (!forward.equals(ForwardWeight.stored())) {
      return dense(name, weight, forward);
    }
    if (options.execution() == Execution.MASKED) {
      return new ExecutionPlan.Masked("execution is masked");
    }
    Optional<String> obstacle = obstacle(name, weight, Tensors.shape(weight), algorithm);
    if (options.execution() == Execution.AUTO) {
      Optional<Execution> saved = SavedExecutions.of(options.savedState(), name);
      return compressed(
          weight,
          obstacle.or(
              () ->
                  saved.isPresent() ? slowness(saved.get()) : agreed(slowness(weight, algorithm))));
    }
    if (obstacle.isPresent()) {
      throw new IllegalArgumentException("'" + name + "' cannot run compressed: " + obstacle.get());
    }
    return compressed(weight, obstacle);
  }

  /**
   * The plan for a parameter whose execution was chosen when its checkpoint was written: masked
   * with the reason where compressed execution is not possible here.
   */
  ExecutionPlan restore(
      SparseParameter parameter, SparsityAlgorithm algorithm, Execution execution) {
    Tensor weight = parameter.weight();
    return compressed(
        weight,
        slowness(execution)
            .or(() -> obstacle(parameter.name(), weight, parameter.shape(), algorithm)));
  }

  /** The reason for a decision that was made when a run began. */
  private static Optional<String> slowness(Execution saved) {
    return saved == Execution.MASKED
        ? Optional.of("it was masked when it was saved")
        : Optional.empty();
  }

  /**
   * Replicas store their parameters in the same way: each has measured, and the majority decides.
   */
  private Optional<String> agreed(Optional<String> slowness) {
    if (options.exchange() == GradientExchange.none()) {
      return slowness;
    }
    double masked = options.exchange().average(slowness.isPresent() ? 1.0 : 0.0)[0];
    return masked > 0.5
        ? slowness.or(() -> Optional.of("it was slower on most of the replicas"))
        : Optional.empty();
  }

  private ExecutionPlan compressed(Tensor weight, Optional<String> obstacle) {
    return obstacle.isEmpty() && layer(weight) instanceof Linear linear
        ? new ExecutionPlan.Compressed(linear, products(weight).orElseThrow())
        : new ExecutionPlan.Masked(obstacle.orElseThrow());
  }

  private ExecutionPlan dense(String name, Tensor weight, ForwardWeight forward) {
    WeightedLayer layer = layer(weight);
    if (layer == null) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "': what its layer multiplies with can be changed only in a layer of dev.filigree.nn");
    }
    if (!layer.multipliesStoredWeight()) {
      throw new IllegalArgumentException(
          "'" + name + "': its layer multiplies with a function of its weight already");
    }
    return new ExecutionPlan.Dense(layer, forward);
  }

  /** Why a parameter cannot be stored compressed, in the words of an error; empty if it can. */
  private Optional<String> obstacle(
      String name, Tensor weight, long[] shape, SparsityAlgorithm algorithm) {
    if (!(layer(weight) instanceof Linear linear)) {
      String module = libtorchModules.get(Tensors.identity(weight));
      return Optional.of(
          module == null
              ? "it is not the weight of a dev.filigree.nn.Linear layer"
              : "it belongs to libtorch's own "
                  + module
                  + ", which computes out of reach; a dev.filigree.nn.Linear layer does not");
    }
    if (!linear.multipliesStoredWeight()) {
      return Optional.of("its layer multiplies with a function of its weight");
    }
    Optional<String> ofProducts =
        products(weight)
            .map(found -> found.obstacle(weight))
            .orElse(Optional.of("there are no sparse kernels for its device"));
    if (ofProducts.isPresent()) {
      return ofProducts;
    }
    AlgorithmSettings settings = algorithm.settings();
    SelectionGroups grouping = settings.shaper().group(name, shape);
    if (grouping.pooled()) {
      return Optional.of("its weights go and come in blocks");
    }
    boolean dependsOnOthers =
        settings.distribution().needsScores() || algorithm.redistribution().isPresent();
    if (dependsOnOthers && algorithm.evidence() instanceof Evidence.Gradient) {
      return Optional.of("its sparsity depends on the weights of other parameters");
    }
    if (algorithm.evidence() instanceof Evidence.Momentum) {
      return Optional.of("its algorithm keeps the momentum of weights that do not exist");
    }
    if (optimizer.needsMatrixShape()) {
      return Optional.of(
          optimizer.getClass().getSimpleName() + " needs whole rows and columns of a matrix");
    }
    return Optional.empty();
  }

  private Optional<SparseProducts> products(Tensor weight) {
    String device = weight.device().str().getString();
    if (!products.containsKey(device)) {
      SparseProducts.of(weight.device()).ifPresent(found -> products.put(device, found));
    }
    return Optional.ofNullable(products.get(device));
  }

  /** Why a parameter that could be compressed would train no faster so; empty where it would. */
  private static Optional<String> slowness(Tensor weight, SparsityAlgorithm algorithm) {
    if (algorithm.startsDense()) {
      return Optional.of("it starts dense");
    }
    double sparsity = algorithm.sparsity(0);
    if (sparsity < LEAST_SPARSITY) { // the measurement is spared
      return Optional.of(Crossover.tooDense(sparsity, LEAST_SPARSITY));
    }
    if (weight.is_cuda()) {
      return weight.numel() < LEAST_ELEMENTS_ON_A_GPU
          ? Optional.of("it is small, and compressed layers save no memory worth a GPU's time then")
          : Optional.empty();
    }
    return Crossover.of(weight.device()).slowness(weight.size(0), weight.size(1), sparsity);
  }

  @Override
  public void close() {
    products.values().forEach(SparseProducts::close);
  }
}
