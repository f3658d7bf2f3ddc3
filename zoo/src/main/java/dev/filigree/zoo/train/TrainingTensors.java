package dev.filigree.zoo.train;

import dev.filigree.mask.Masks;
import dev.filigree.optim.Optimizer;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code training.safetensors}: masks as bits, {@code mask/NAME}, and the optimizer's
 * state, {@code optimizer/STATE/NAME}. State that follows a sparse weight has the values of the
 * kept weights only, [kept] in row-major order, whichever execution wrote it.
 */
final class TrainingTensors {
  static final String NAME = "training.safetensors";
  static final String MASK = "mask/";
  private static final String STATE = "optimizer/";

  private final Map<String, Tensor> parameters;
  private final Optimizer optimizer;
  private final Map<String, SparseParameter> sparse = new LinkedHashMap<>();
  private final @Nullable SparseOptimizer sparseOptimizer;

  /**
   * @param parameters what the optimizer updates, by name
   */
  TrainingTensors(Map<String, Tensor> parameters, Optimizer optimizer) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    sparseOptimizer = optimizer instanceof SparseOptimizer wrapper ? wrapper : null;
    if (sparseOptimizer != null) {
      sparseOptimizer.parameters().forEach(parameter -> sparse.put(parameter.name(), parameter));
    }
  }

  List<TensorSource> sources() {
    var sources = new ArrayList<TensorSource>();
    for (SparseParameter parameter : sparse.values()) {
      sources.add(
          new TensorSource(
              MASK + parameter.name(),
              ElementType.U8,
              List.of(BitMask.bytes(parameter.size())),
              () -> BitMask.pack(parameter.mask())));
    }
    parameters.forEach(
        (name, parameter) -> {
          SparseParameter sparseParameter = sparse.get(name);
          Tensor updated = sparseParameter == null ? parameter : sparseParameter.weight();
          optimizer
              .state(updated)
              .forEach(
                  (state, tensor) ->
                      sources.add(source(STATE + state + "/" + name, tensor, sparseParameter)));
        });
    return sources;
  }

  private static TensorSource source(
      String name, Tensor tensor, @Nullable SparseParameter parameter) {
    if (parameter == null || !follows(tensor, parameter)) {
      return TensorSource.of(name, tensor);
    }
    return new TensorSource(
        name,
        ElementType.of(tensor),
        List.of(parameter.kept()),
        () -> parameter.toDense(tensor).masked_select(parameter.mask()));
  }

  /** Whether state has an element for each element of the weight that the optimizer updates. */
  private static boolean follows(Tensor state, SparseParameter parameter) {
    return Arrays.equals(Tensors.shape(state), Tensors.shape(parameter.weight()));
  }

  /**
   * Gives the optimizer the masks and the state of a file.
   *
   * @throws CheckpointException when they are not those of this configuration
   */
  void load(Path path) {
    open(
        path,
        file -> {
          loadMasks(file, path);
          loadState(file, this::mask);
        });
  }

  /**
   * Gives the optimizer the state of a file whose masks are others than its own: what has just
   * grown begins with zero state, what is not kept loses it.
   *
   * @param masks those of the file, by parameter name
   * @throws CheckpointException when the state is not that of this network
   */
  void loadState(Path path, Map<String, Tensor> masks) {
    open(path, file -> loadState(file, masks::get));
  }

  private static void open(Path path, Consumer<SafetensorsFile> action) {
    try (SafetensorsFile file = SafetensorsFile.open(path);
        var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      action.accept(file);
    } catch (SafetensorsException | IllegalArgumentException e) {
      throw new CheckpointException(path, String.valueOf(e.getMessage()));
    }
  }

  private void loadMasks(SafetensorsFile file, Path path) {
    var masks = new TreeMap<String, Tensor>();
    for (String entry : file.entries().keySet()) {
      if (entry.startsWith(MASK)) {
        String name = entry.substring(MASK.length());
        SparseParameter parameter = sparse.get(name);
        if (parameter == null) {
          throw new CheckpointException(
              path, "has a mask of '" + name + "', which this configuration does not make sparse");
        }
        masks.put(name, unpack(file, entry, parameter));
      }
    }
    if (sparseOptimizer != null) {
      sparseOptimizer.loadMasks(masks);
    }
  }

  /**
   * A mask of a file: a new bool tensor on the CPU.
   *
   * @throws IllegalArgumentException when it is not one of this shape
   */
  static Tensor unpack(SafetensorsFile file, String entry, long[] shape) {
    try {
      return BitMask.unpack(file.read(entry), shape);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + entry + "': " + e.getMessage(), e);
    }
  }

  private static Tensor unpack(SafetensorsFile file, String entry, SparseParameter parameter) {
    return unpack(file, entry, parameter.shape())
        .to(parameter.weight().device(), torch.ScalarType.Bool);
  }

  /** The mask that a parameter has now; null where it is dense. */
  private @Nullable Tensor mask(String name) {
    SparseParameter parameter = sparse.get(name);
    return parameter == null ? null : parameter.mask();
  }

  private void loadState(SafetensorsFile file, Function<String, @Nullable Tensor> masks) {
    for (TensorEntry entry : file.entries().values()) {
      if (entry.name().startsWith(STATE)) {
        // A scope for each: what is dense on the way is freed before the next is read.
        try (var _ = new PointerScope()) {
          loadState(file, entry, masks);
        }
      }
    }
  }

  private void loadState(
      SafetensorsFile file, TensorEntry entry, Function<String, @Nullable Tensor> masks) {
    String[] parts = entry.name().substring(STATE.length()).split("/", 2);
    Tensor parameter = parts.length < 2 ? null : parameters.get(parts[1]);
    if (parameter == null) {
      throw new IllegalArgumentException("has '" + entry.name() + "', state of no parameter");
    }
    SparseParameter sparseParameter = sparse.get(parts[1]);
    Tensor saved = file.read(entry.name());
    if (saved.dim() > 0) {
      saved = saved.to(parameter.device(), saved.scalar_type());
    }
    Tensor mask = masks.apply(parts[1]);
    if (mask != null && entry.shape().equals(List.of(Masks.count(mask)))) {
      saved = spread(saved, mask.to(parameter.device(), torch.ScalarType.Bool));
    }
    if (sparseParameter == null) {
      optimizer.state(parameter).put(parts[0], saved);
    } else {
      optimizer.state(sparseParameter.weight()).put(parts[0], within(saved, sparseParameter));
    }
  }

  /** The dense state of kept values. */
  private static Tensor spread(Tensor kept, Tensor mask) {
    var options = new TensorOptions(kept.scalar_type()).device(new DeviceOptional(mask.device()));
    return torch.zeros(Tensors.shape(mask), options).masked_scatter_(mask, kept);
  }

  /** State as the optimizer of a sparse parameter has it; what has another shape stays as it is. */
  private static Tensor within(Tensor state, SparseParameter parameter) {
    if (!Arrays.equals(Tensors.shape(state), parameter.shape())) {
      return state;
    }
    return parameter.execution() == Execution.COMPRESSED
        ? parameter.fromDense(state)
        : state.masked_fill(parameter.mask().logical_not(), new Scalar(0.0));
  }
}
