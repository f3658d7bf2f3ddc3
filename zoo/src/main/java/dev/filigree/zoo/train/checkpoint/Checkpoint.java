package dev.filigree.zoo.train.checkpoint;

import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.sparsity.SparseInference;
import dev.filigree.sparsity.TrainingTensors;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.model.ModelConfig;
import dev.filigree.zoo.model.ParameterSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** A checkpoint whose files agree with its manifest. */
public final class Checkpoint {
  private final Path directory;

  Checkpoint(Path directory) {
    this.directory = directory;
  }

  /** Where its files lie. */
  public Path directory() {
    return directory;
  }

  /** Optimizer steps finished; empty for one that was imported. */
  public Optional<Long> step() {
    Path state = directory.resolve(CheckpointFiles.STATE);
    return Files.exists(state)
        ? Optional.of(CheckpointFiles.step(CheckpointFiles.readState(state)))
        : Optional.empty();
  }

  /**
   * The {@linkplain dev.filigree.sparsity.SparseOptimizer#state state} of the optimizer's sparse
   * part; empty for a dense run, and for a checkpoint that was imported.
   */
  public Map<String, Object> sparsityState() {
    Path state = directory.resolve(CheckpointFiles.STATE);
    return Files.exists(state)
        ? CheckpointFiles.map(CheckpointFiles.readState(state), "sparsity").orElse(Map.of())
        : Map.of();
  }

  /** The configuration of the run that saved it; empty for one that was imported. */
  public Optional<RunConfig> config() {
    return config(List.of());
  }

  /**
   * The configuration of the run that saved it, changed; empty for one that was imported.
   *
   * @param overrides changes such as {@code loop.eval_steps=0}
   */
  public Optional<RunConfig> config(List<String> overrides) {
    Path file = directory.resolve(ConfigFile.NAME);
    return Files.exists(file) ? Optional.of(RunConfig.read(file, overrides)) : Optional.empty();
  }

  /**
   * Puts a run where the checkpoint was. For Filigree's own packages.
   *
   * @param progress reads how far the run was from what {@code state.json} says
   * @throws CheckpointException when it is not one of this configuration
   */
  public <T> T restore(TrainingState run, Function<Map<String, Object>, T> progress) {
    return CheckpointFiles.read(directory, run, progress);
  }

  /** What {@code config.json} says of the network. */
  public ModelConfig modelConfig() {
    return HuggingFaceFolder.readConfig(directory, new ArrayList<>());
  }

  /**
   * The network with its weights, on the CPU.
   *
   * @throws CheckpointException when the tensors are not those of the network
   */
  public Model loadModel() {
    ModelConfig config = modelConfig();
    try (var weights = SavedWeights.open(directory, config)) {
      Model model = config.allocate();
      model
          .tensors()
          .forEach((name, tensor) -> Tensors.inScope(() -> tensor.copy_(weights.read(name))));
      return model;
    }
  }

  /**
   * The network for passes without gradients, on the CPU: its sparse linear layers are compressed,
   * one after the other as they are read, and never dense in memory together.
   *
   * @param sparse compresses them; to be open as long as the network is used
   * @throws CheckpointException when the tensors are not those of the network
   */
  public Model loadModel(SparseInference sparse) {
    ModelConfig config = modelConfig();
    try (var weights = SavedWeights.open(directory, config)) {
      Model model = config.unfilled(0, new Device("cpu"));
      model
          .tensors()
          .forEach(
              (name, tensor) -> {
                Tensors.inScope(
                    () ->
                        tensor.set_data(weights.read(name).to(Tensors.type(tensor)).contiguous()));
                sparse.compress(name, tensor);
              });
      return model;
    }
  }

  /**
   * The masks of the sparse parameters by name: new bool tensors of the weights' shapes. Empty for
   * a dense run.
   */
  public Map<String, Tensor> masks() {
    Path path = directory.resolve(TrainingFile.NAME);
    var masks = new LinkedHashMap<String, Tensor>();
    if (!Files.exists(path)) {
      return masks;
    }
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (ParameterSpec spec : modelConfig().parameters()) {
      shapes.put(spec.name(), spec.shape().stream().mapToLong(Long::longValue).toArray());
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorEntry entry : file.entries().values()) {
        if (entry.name().startsWith(TrainingTensors.MASK)) {
          String name = entry.name().substring(TrainingTensors.MASK.length());
          long[] shape = shapes.get(name);
          if (shape == null) {
            throw new CheckpointException(path, "has a mask of '" + name + "', no parameter");
          }
          masks.put(name, TrainingTensors.unpack(file, entry.name(), shape));
        }
      }
    } catch (SafetensorsException | IllegalArgumentException e) {
      throw new CheckpointException(path, String.valueOf(e.getMessage()));
    }
    return masks;
  }
}
