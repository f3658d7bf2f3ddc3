package dev.filigree.sparsity;

import dev.filigree.mask.Grouping;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Which parameters can be stored compressed, and for which it is worthwhile. */
final class CompressedExecution {
  private final Map<Long, Linear> layers = new HashMap<>(); // by the identity of the weight
  private final Optimizer optimizer;
  private final SparsityOptions options;

  CompressedExecution(Collection<Module> models, Optimizer optimizer, SparsityOptions options) {
    this.optimizer = optimizer;
    this.options = options;
    models.forEach(this::collect);
  }

  private void collect(Module module) {
    if (module instanceof Linear linear) {
      layers.put(Tensors.identity(linear.weight()), linear);
    } else if (module instanceof Layer layer) {
      layer.layers().values().forEach(this::collect);
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

  /** A parameter in a given execution, see {@link #parameter(String, Tensor, SparsityAlgorithm)}. */
  SparseParameter parameter(
      String name, Tensor weight, SparsityAlgorithm algorithm, Execution execution) {
    Linear layer = layers.get(Tensors.identity(weight));
    Optional<String> reason = Optional.empty();
    boolean compressed =
        switch (execution) {
          case MASKED -> false;
          case COMPRESSED -> {
            obstacle(name, weight, layer, algorithm)
                .ifPresent(
                    obstacle -> {
                      throw new IllegalArgumentException(
                          "'" + name + "' cannot run compressed: " + obstacle);
                    });
            yield true;
          }
          case AUTO -> {
            reason =
                obstacle(name, weight, layer, algorithm)
                    .or(() -> slowness(weight, algorithm));
            yield reason.isEmpty();
          }
        };
    if (compressed && layer != null) {
      return new CompressedParameter(name, layer, options.microBatches() > 1);
    }
    var masked = new MaskedParameter(name, weight);
    reason.ifPresent(masked::executionReason);
    return masked;
  }

  /** Why a parameter cannot run compressed; empty where it can. */
  Optional<String> obstacle(String name, Tensor weight, SparsityAlgorithm algorithm) {
    return obstacle(name, weight, layers.get(Tensors.identity(weight)), algorithm);
  }

  private Optional<String> obstacle(
      String name, Tensor weight, @Nullable Linear layer, SparsityAlgorithm algorithm) {
    AlgorithmSettings settings = algorithm.settings();
    Grouping grouping = settings.shaper().group(name, Tensors.shape(weight));
    if (layer == null) {
      return Optional.of("it is not the weight of a dev.filigree.nn.Linear layer");
    }
    if (!weight.is_cpu()) {
      return Optional.of("the sparse kernels run on the CPU, it is on another device");
    }
    if (Tensors.type(weight) != ScalarType.Float) {
      return Optional.of("the sparse kernels compute in float32, it is " + Tensors.type(weight));
    }
    if (weight.numel() > Integer.MAX_VALUE) {
      return Optional.of("it has 2^31 elements or more");
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

  /** Why a parameter that could be compressed would train no faster so; empty where it would. */
  private static Optional<String> slowness(Tensor weight, SparsityAlgorithm algorithm) {
    double sparsity = algorithm.startsDense() ? 0 : algorithm.sparsity(0);
    // Below a half no machine gains; the measurement is spared.
    return sparsity < 0.5
        ? Optional.of("it starts at less than half sparse")
        : Crossover.ofThisMachine().slowness(weight.size(0), weight.size(1), sparsity);
  }
}
