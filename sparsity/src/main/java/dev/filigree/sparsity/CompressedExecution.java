package dev.filigree.sparsity;

import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.Grouping;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SharedModuleVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Which parameters can be stored compressed, and for which it is worthwhile. */
final class CompressedExecution {
  private static final String LIBTORCH = "torch::nn::";
  private static final double LEAST_SPARSITY = 0.5; // below it no machine gains

  // By the identity of a parameter: the kind of libtorch's own module that holds it.
  private final Map<Long, String> libtorchModules = new HashMap<>();
  private final Optimizer optimizer;
  private final SparsityOptions options;

  CompressedExecution(Collection<Module> models, Optimizer optimizer, SparsityOptions options) {
    this.optimizer = optimizer;
    this.options = options;
    for (Module model : models) {
      SharedModuleVector modules = model.modules();
      for (long i = 0; i < modules.size(); i++) {
        Module module = modules.get(i);
        String kind = module.name().getString();
        if (kind.startsWith(LIBTORCH)) {
          Tensors.ownParameters(module)
              .values()
              .forEach(
                  parameter ->
                      libtorchModules.put(
                          Tensors.identity(parameter), kind.substring(LIBTORCH.length())));
        }
      }
    }
  }

  /**
   * A parameter in the execution that the options ask for.
   *
   * @throws IllegalArgumentException when compressed execution is asked for and impossible
   */
  SparseParameter parameter(String name, Tensor weight, SparsityAlgorithm algorithm) {
    return parameter(name, weight, algorithm, options.execution());
  }

  /** Whether the options leave it to the program how a parameter is stored. */
  boolean isOpen() {
    return options.execution() == Execution.AUTO;
  }

  /**
   * A parameter in a given execution, see {@link #parameter(String, Tensor, SparsityAlgorithm)}.
   */
  SparseParameter parameter(
      String name, Tensor weight, SparsityAlgorithm algorithm, Execution execution) {
    if (execution == Execution.MASKED) {
      return new MaskedParameter(name, weight, "execution is masked");
    }
    Optional<Linear> layer = Linear.of(weight);
    Optional<String> obstacle = obstacle(name, weight, layer.isPresent(), algorithm);
    if (execution == Execution.COMPRESSED && obstacle.isPresent()) {
      throw new IllegalArgumentException("'" + name + "' cannot run compressed: " + obstacle.get());
    }
    if (execution == Execution.AUTO && obstacle.isEmpty()) {
      obstacle = slower(weight, algorithm);
    }
    return obstacle
        .<SparseParameter>map(reason -> new MaskedParameter(name, weight, reason))
        .orElseGet(
            () -> new CompressedParameter(name, layer.orElseThrow(), options.microBatches() > 1));
  }

  /** Why a parameter cannot run compressed; empty where it can. */
  Optional<String> obstacle(String name, Tensor weight, SparsityAlgorithm algorithm) {
    return obstacle(name, weight, Linear.of(weight).isPresent(), algorithm);
  }

  private Optional<String> obstacle(
      String name, Tensor weight, boolean isLinear, SparsityAlgorithm algorithm) {
    AlgorithmSettings settings = algorithm.settings();
    Grouping grouping = settings.shaper().group(name, Tensors.shape(weight));
    if (!isLinear) {
      String module = libtorchModules.get(Tensors.identity(weight));
      return Optional.of(
          module == null
              ? "it is not the weight of a dev.filigree.nn.Linear layer"
              : "it belongs to libtorch's own "
                  + module
                  + ", which computes out of reach; a dev.filigree.nn.Linear layer does not");
    }
    if (!weight.is_cpu()) {
      return Optional.of("the sparse kernels run on the CPU, it is on another device");
    }
    if (Tensors.type(weight) != ScalarType.Float) {
      return Optional.of("the sparse kernels compute in float32, it is " + Tensors.type(weight));
    }
    if (weight.numel() > SparseMatrix.MAX_ELEMENTS) {
      return Optional.of("it has more than " + SparseMatrix.MAX_ELEMENTS + " elements");
    }
    if (grouping.groups() != 1 || grouping.pooled()) {
      return Optional.of("its weights compete in groups");
    }
    if (settings.distribution().needsScores()) {
      return Optional.of("its sparsity depends on the weights of other parameters");
    }
    if (optimizer.needsMatrixShape()) {
      return Optional.of(
          optimizer.getClass().getSimpleName() + " needs whole rows and columns of a matrix");
    }
    return Optional.empty();
  }

  /** Why the masked layer is faster, where it is. */
  private static Optional<String> slower(Tensor weight, SparsityAlgorithm algorithm) {
    if (algorithm.startsDense()) {
      return Optional.of("it starts dense");
    }
    double sparsity = algorithm.sparsity(0);
    return sparsity < LEAST_SPARSITY // the measurement is spared
        ? Optional.of(Crossover.tooDense(sparsity, LEAST_SPARSITY))
        : Crossover.ofThisMachine().slowness(weight.size(0), weight.size(1), sparsity);
  }
}
