package dev.filigree.zoo.train;

import dev.filigree.optim.Optimizer;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
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
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
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
    try (SafetensorsFile file = SafetensorsFile.open(path);
        var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      loadMasks(file, path);
      loadState(file);
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

  private void loadState(SafetensorsFile file) {
    for (TensorEntry entry : file.entries().values()) {
      if (entry.name().startsWith(STATE)) {
        // A scope for each: what is dense on the way is freed before the next is read.
        try (var _ = new PointerScope()) {
          loadState(file, entry);
        }
      }
    }
  }

  private void loadState(SafetensorsFile file, TensorEntry entry) {
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
    if (sparseParameter != null && entry.shape().equals(List.of(sparseParameter.kept()))) {
      Tensor dense =
          torch.zeros(
              sparseParameter.shape(),
              new org.bytedeco.pytorch.TensorOptions(saved.scalar_type())
                  .device(new org.bytedeco.pytorch.DeviceOptional(parameter.device())));
      dense.masked_scatter_(sparseParameter.mask(), saved);
      optimizer.state(sparseParameter.weight()).put(parts[0], sparseParameter.fromDense(dense));
    } else {
      optimizer
          .state(sparseParameter == null ? parameter : sparseParameter.weight())
          .put(parts[0], saved);
    }
  }
}
