package dev.filigree.zoo.train.checkpoint;

import dev.filigree.mask.Masks;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.TrainingTensors;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a checkpoint that {@code checkpoint.weights: compressed} wrote: of a sparse
 * parameter the kept values, {@code kept/NAME} [kept] in row-major order, which stand where its
 * mask in the training file says; every other tensor of the network dense under its name.
 */
final class KeptWeights implements AutoCloseable {
  static final String NAME = "compressed.safetensors";
  private static final String KEPT = "kept/";
  private static final String FORMAT = "filigree kept weights 1";

  private final Path path;
  private final SafetensorsFile weights;
  private final SafetensorsFile training;

  private KeptWeights(Path path, SafetensorsFile weights, SafetensorsFile training) {
    this.path = path;
    this.weights = weights;
    this.training = training;
  }

  /** Whether a checkpoint has its weights so. */
  static boolean areIn(Path directory) {
    return Files.exists(directory.resolve(NAME));
  }

  static void write(Path directory, TrainingState run) {
    var sparse = new HashMap<String, SparseParameter>();
    run.sparseParameters().forEach(parameter -> sparse.put(parameter.name(), parameter));
    var sources = new ArrayList<TensorSource>();
    run.tensors().forEach((name, tensor) -> sources.add(source(name, tensor, sparse.get(name))));
    SafetensorsWriter.write(directory.resolve(NAME), sources, Map.of("format", FORMAT));
  }

  private static TensorSource source(
      String name, Tensor tensor, @Nullable SparseParameter parameter) {
    if (parameter == null) {
      return TensorSource.of(name, tensor.detach());
    }
    if (parameter.storesAll()) {
      List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
      return new TensorSource(name, ElementType.F32, shape, parameter::dense);
    }
    return new TensorSource(
        KEPT + name, ElementType.F32, List.of(parameter.kept()), parameter::keptValues);
  }

  /**
   * Opens the weights of a checkpoint.
   *
   * @throws CheckpointException when they are not those of the network, or of the masks beside them
   */
  static KeptWeights open(Path directory, ModelConfig config) {
    Path path = directory.resolve(NAME);
    SafetensorsFile weights = SafetensorsFile.open(path);
    try {
      SafetensorsFile training = SafetensorsFile.open(directory.resolve(TrainingFile.NAME));
      var opened = new KeptWeights(path, weights, training);
      try {
        opened.requireTensors(config.tensorShapes());
        return opened;
      } catch (RuntimeException e) {
        training.close();
        throw e;
      }
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private void requireTensors(Map<String, long[]> shapes) {
    String format = weights.metadata().getOrDefault("format", "none");
    if (!format.equals(FORMAT)) {
      throw new CheckpointException(
          path, "has the format '" + format + "'; this program reads '" + FORMAT + "'");
    }
    for (TensorEntry entry : weights.entries().values()) {
      String name =
          entry.name().startsWith(KEPT) ? entry.name().substring(KEPT.length()) : entry.name();
      if (!shapes.containsKey(name)) {
        throw new CheckpointException(
            path, "has '" + entry.name() + "', which config.json does not give the network");
      }
    }
    shapes.forEach(this::requireTensor);
  }

  private void requireTensor(String name, long[] shape) {
    TensorEntry dense = weights.entries().get(name);
    TensorEntry kept = weights.entries().get(KEPT + name);
    if ((dense == null) == (kept == null)) {
      throw new CheckpointException(
          path, (dense == null ? "lacks '" : "has twice: '") + name + "'");
    }
    TensorEntry entry = Objects.requireNonNull(dense == null ? kept : dense);
    boolean fits =
        dense == null
            ? entry.shape().size() == 1
            : entry.shape().equals(Arrays.stream(shape).boxed().toList());
    if (!fits || entry.type() != ElementType.F32) {
      throw new CheckpointException(
          path,
          "has '%s' as %s of shape %s, config.json gives it shape %s"
              .formatted(entry.name(), entry.type(), entry.shape(), Arrays.toString(shape)));
    }
    if (dense == null && !training.entries().containsKey(TrainingTensors.MASK + name)) {
      throw new CheckpointException(
          path, "has kept values of '" + name + "', and " + TrainingFile.NAME + " no mask of it");
    }
  }

  /**
   * The dense weight of a parameter whose mask is the checkpoint's, made on its own device; empty
   * where it is stored dense.
   *
   * @throws CheckpointException when values and mask do not fit together
   */
  Optional<Tensor> whole(SparseParameter parameter) {
    String name = KEPT + parameter.name();
    if (!weights.entries().containsKey(name)) {
      return Optional.empty();
    }
    try {
      return Optional.of(parameter.ofKeptValues(weights.read(name)));
    } catch (IllegalArgumentException | SafetensorsException e) {
      throw new CheckpointException(path, "'" + name + "': " + e.getMessage());
    }
  }

  /**
   * A tensor of the network, on the CPU: dense, zero where no weight exists.
   *
   * @throws CheckpointException when values and mask do not fit together
   */
  Tensor read(String name, long[] shape) {
    if (!weights.entries().containsKey(KEPT + name)) {
      return weights.read(name);
    }
    try {
      return Tensors.scoped(
          () ->
              Masks.spread(
                  weights.read(KEPT + name),
                  TrainingTensors.unpack(training, TrainingTensors.MASK + name, shape)));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(path, "'" + KEPT + name + "': " + e.getMessage());
    }
  }

  @Override
  public void close() {
    weights.close();
    training.close();
  }
}
