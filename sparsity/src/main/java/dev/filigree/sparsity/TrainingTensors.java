package dev.filigree.sparsity;

import dev.filigree.mask.BitMask;
import dev.filigree.mask.Masks;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerStates;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Masks and optimizer state as tensors of a file: masks as bits, {@code mask/NAME}, and state,
 * {@code optimizer/STATE/NAME}. State that follows a sparse weight has the values of the kept
 * weights only, [kept] in row-major order, whichever execution wrote it. Where an algorithm stores
 * all weights, {@code stored/NAME} has those too that do not exist, and {@code forward/NAME/TENSOR}
 * what the forward weight has of its own; {@code evidence/NAME} is what was gathered for the next
 * update over several steps.
 */
public final class TrainingTensors {
  /** What the name of a mask begins with. */
  public static final String MASK = "mask/";

  /** What the name of a state tensor begins with. */
  private static final String STATE = "optimizer/";

  private static final String STORED = "stored/";
  private static final String FORWARD = "forward/";
  private static final String EVIDENCE = "evidence/";

  private final Map<String, Tensor> parameters;
  private final Optimizer optimizer;
  private final Map<String, SparseParameter> sparse = new LinkedHashMap<>();
  private final @Nullable SparseOptimizer sparseOptimizer;

  /**
   * The tensors of an optimizer.
   *
   * @param parameters what the optimizer updates, by name
   */
  public TrainingTensors(Map<String, Tensor> parameters, Optimizer optimizer) {
    this.parameters = new LinkedHashMap<>(parameters);
    this.optimizer = optimizer;
    sparseOptimizer = optimizer instanceof SparseOptimizer wrapper ? wrapper : null;
    if (sparseOptimizer != null) {
      for (SparseParameter parameter : sparseOptimizer.parameters()) {
        sparse.put(parameter.name(), parameter);
        this.parameters.putAll(parameter.trainedForwardTensors());
      }
    }
  }

  /** Whether a name is that of such a tensor. */
  static boolean isOne(String name) {
    return Stream.of(MASK, STATE, STORED, FORWARD, EVIDENCE).anyMatch(name::startsWith);
  }

  /** What a file holds, read when it is written. */
  public List<TensorSource> sources() {
    var sources = new ArrayList<TensorSource>();
    for (SparseParameter parameter : sparse.values()) {
      sources.add(
          new TensorSource(
              MASK + parameter.name(),
              ElementType.U8,
              List.of(BitMask.bytes(parameter.size())),
              () -> BitMask.pack(parameter.mask())));
      if (parameter.storesAll()) {
        sources.add(TensorSource.of(STORED + parameter.name(), parameter.stored()));
      }
      parameter
          .forwardTensors()
          .forEach((key, tensor) -> sources.add(TensorSource.of(forward(parameter, key), tensor)));
    }
    if (sparseOptimizer != null) {
      sparseOptimizer
          .saved()
          .evidence()
          .forEach((name, tensor) -> sources.add(TensorSource.of(EVIDENCE + name, tensor)));
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

  private static String forward(SparseParameter parameter, String key) {
    return FORWARD + parameter.name() + "/" + key;
  }

  private static TensorSource source(
      String name, Tensor tensor, @Nullable SparseParameter parameter) {
    if (parameter == null || parameter.storesAll() || !follows(tensor, parameter)) {
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
   * Gives the optimizer the masks and the state of a file. What other state it has is gone.
   *
   * @throws IllegalArgumentException when they are not those of this optimizer
   */
  public void load(SafetensorsFile file) {
    inScope(
        () -> {
          loadMasks(file);
          parameters.values().forEach(parameter -> optimizer.state(parameter).clear());
          loadState(file, this::mask);
          loadEvidence(file);
        });
  }

  private void loadEvidence(SafetensorsFile file) {
    var evidence = new LinkedHashMap<String, Tensor>();
    for (String entry : file.entries().keySet()) {
      if (entry.startsWith(EVIDENCE)) {
        String name = entry.substring(EVIDENCE.length());
        SparseParameter parameter = sparse.get(name);
        if (parameter == null) {
          throw new IllegalArgumentException("has '" + entry + "', of no sparse parameter");
        }
        Tensor weight = parameter.weight();
        evidence.put(name, file.read(entry).to(weight.device(), torch.ScalarType.Float));
      }
    }
    if (sparseOptimizer != null) {
      sparseOptimizer.saved().loadEvidence(evidence);
    }
  }

  /**
   * Gives weights back that are stored without existing. To be called once the weights are there.
   *
   * @throws IllegalArgumentException when they are not those of these parameters
   */
  public void loadStored(SafetensorsFile file) {
    inScope(
        () -> {
          for (SparseParameter parameter : sparse.values()) {
            if (parameter.storesAll()) {
              Tensor weight = parameter.weight();
              Tensor stored = file.read(STORED + parameter.name());
              weight.detach().copy_(stored.to(weight.device(), weight.scalar_type()));
            }
            parameter
                .forwardTensors()
                .forEach((key, own) -> own.detach().copy_(file.read(forward(parameter, key))));
          }
        });
  }

  /**
   * Gives the optimizer the state of a file whose masks are others than its own: what has just
   * grown begins with zero state, what is not kept loses it.
   *
   * @param masks those of the file, by parameter name
   * @throws IllegalArgumentException when the state is not that of this network
   */
  public void loadState(SafetensorsFile file, Map<String, Tensor> masks) {
    inScope(() -> loadState(file, masks::get));
  }

  private static void inScope(Runnable action) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      action.run();
    }
  }

  /** Gives the parameters their masks, each of which is dense on the way, one at a time. */
  private void loadMasks(SafetensorsFile file) {
    var names = new TreeSet<String>();
    for (TensorEntry entry : file.entries().values()) {
      if (entry.name().startsWith(MASK)) {
        String name = entry.name().substring(MASK.length());
        SparseParameter parameter = sparse.get(name);
        if (parameter == null) {
          throw new IllegalArgumentException(
              "has a mask of '" + name + "', which this configuration does not make sparse");
        }
        if (!entry.shape().equals(List.of(BitMask.bytes(parameter.size())))) {
          unpack(file, entry.name(), parameter); // says what is wrong, while nothing has changed
        }
        names.add(name);
      }
    }
    if (sparseOptimizer != null) {
      sparseOptimizer.loadMasks(
          names, parameter -> unpack(file, MASK + parameter.name(), parameter));
    }
  }

  /**
   * A mask of a file: a new bool tensor on the CPU.
   *
   * @throws IllegalArgumentException when it is not one of this shape
   */
  public static Tensor unpack(SafetensorsFile file, String entry, long[] shape) {
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
    long[] shape = sparseParameter == null ? Tensors.shape(parameter) : sparseParameter.shape();
    Tensor mask = masks.apply(parts[1]);
    boolean keptOnly = mask != null && entry.shape().equals(List.of(Masks.count(mask)));
    if (!keptOnly
        && !OptimizerStates.fits(
            entry.shape().stream().mapToLong(Long::longValue).toArray(), shape)) {
      throw new IllegalArgumentException(
          "has '%s' of shape %s, its parameter has %s"
              .formatted(entry.name(), entry.shape(), Arrays.toString(shape)));
    }
    Tensor saved = file.read(entry.name());
    if (saved.dim() > 0) {
      saved = saved.to(parameter.device(), saved.scalar_type());
    }
    if (mask != null && keptOnly) {
      saved = Masks.spread(saved, mask.to(parameter.device(), torch.ScalarType.Bool));
    }
    if (sparseParameter == null) {
      optimizer.state(parameter).put(parts[0], saved);
    } else {
      optimizer.state(sparseParameter.weight()).put(parts[0], within(saved, sparseParameter));
    }
  }

  /** State as the optimizer of a sparse parameter has it; what has another shape stays as it is. */
  private static Tensor within(Tensor state, SparseParameter parameter) {
    if (parameter.storesAll() || !Arrays.equals(Tensors.shape(state), parameter.shape())) {
      return state;
    }
    return parameter.execution() == Execution.COMPRESSED
        ? parameter.fromDense(state)
        : state.masked_fill(parameter.mask().logical_not(), new Scalar(0.0));
  }
}
