package dev.filigree.zoo.train.checkpoint;

import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.HuggingFaceWeights;
import dev.filigree.zoo.model.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a checkpoint, or of a folder in Hugging Face's layout, one by one under the names
 * of the network's tensors, in whichever of the two ways they are written.
 */
final class SavedWeights implements AutoCloseable {
  private final Path directory;
  private final Map<String, long[]> shapes;
  private final Optional<KeptWeights> kept;
  private final Optional<HuggingFaceWeights> dense;

  private SavedWeights(
      Path directory,
      Map<String, long[]> shapes,
      Optional<KeptWeights> kept,
      Optional<HuggingFaceWeights> dense) {
    this.directory = directory;
    this.shapes = shapes;
    this.kept = kept;
    this.dense = dense;
  }

  /**
   * Opens them.
   *
   * @throws CheckpointException when they are damaged, or not those of the network
   */
  static SavedWeights open(Path directory, ModelConfig config) {
    try {
      Map<String, long[]> shapes = config.tensorShapes();
      return KeptWeights.areIn(directory)
          ? new SavedWeights(
              directory, shapes, Optional.of(KeptWeights.open(directory, config)), Optional.empty())
          : new SavedWeights(
              directory,
              shapes,
              Optional.empty(),
              Optional.of(HuggingFaceWeights.open(directory, config, new ArrayList<>())));
    } catch (SafetensorsException e) {
      throw new CheckpointException(directory, String.valueOf(e.getMessage()));
    }
  }

  /** The names of the network's tensors. */
  Set<String> names() {
    return shapes.keySet();
  }

  /** The names of those with two dimensions or more. */
  List<String> matrices() {
    return shapes.entrySet().stream()
        .filter(tensor -> tensor.getValue().length > 1)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** A tensor of the network: a new one on the CPU, zero where no weight exists. */
  Tensor read(String name) {
    try {
      return kept.isPresent()
          ? kept.get().read(name, Objects.requireNonNull(shapes.get(name), name))
          : dense.orElseThrow().read(name);
    } catch (SafetensorsException e) {
      throw new CheckpointException(directory, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Gives a sparse parameter its weights, where its mask is the checkpoint's.
   *
   * @throws CheckpointException when values and mask do not fit together
   */
  void readInto(SparseParameter parameter) {
    Tensors.inScope(
        () -> {
          Tensor weight = parameter.weight();
          Tensor whole =
              kept.flatMap(file -> file.whole(parameter))
                  .orElseGet(
                      () -> read(parameter.name()).to(weight.device(), Tensors.type(weight)));
          weight.detach().copy_(parameter.fromDense(whole));
        });
  }

  @Override
  public void close() {
    kept.ifPresent(KeptWeights::close);
    dense.ifPresent(HuggingFaceWeights::close);
  }
}
