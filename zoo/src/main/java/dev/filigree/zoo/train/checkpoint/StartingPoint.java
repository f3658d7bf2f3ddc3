package dev.filigree.zoo.train.checkpoint;

import dev.filigree.mask.Masks;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.model.HuggingFaceFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The checkpoint, or folder in Hugging Face's layout, that a new run starts from. The run may be
 * sparser, denser or dense: what it has and the checkpoint has not begins at zero, with zero
 * optimizer state. For Filigree's own packages.
 *
 * @param directory the checkpoint
 * @param masks which weights exist in it, of the parameters that are sparse there: bool tensors by
 *     parameter name
 */
public record StartingPoint(Path directory, Map<String, Tensor> masks) implements AutoCloseable {
  /**
   * Reads the weights, and buffers such as running averages, into a network that is still dense.
   *
   * @param tensors those of the network, as {@link dev.filigree.zoo.model.Model#tensors} gives them
   * @param path a checkpoint, a run directory or a folder in Hugging Face's layout
   * @throws CheckpointException when it is damaged, or is not one of this network
   */
  public static StartingPoint read(Path path, RunConfig config, Map<String, Tensor> tensors) {
    Path directory = Checkpoints.resolve(path);
    if (Files.exists(directory.resolve(CheckpointManifest.NAME))) {
      CheckpointManifest.check(directory);
    }
    try {
      HuggingFaceFolder.readTensors(directory, config.model().config(), tensors, new ArrayList<>());
    } catch (SafetensorsException e) {
      throw new CheckpointException(
          directory, "not a checkpoint of the configured model: " + e.getMessage());
    }
    return new StartingPoint(directory, masks(directory, tensors));
  }

  /** The masks that were saved; for a folder without any, from the zeros of its matrices. */
  private static Map<String, Tensor> masks(Path directory, Map<String, Tensor> tensors) {
    if (Files.exists(directory.resolve(TrainingFile.NAME))) {
      return new Checkpoint(directory).masks();
    }
    var masks = new LinkedHashMap<String, Tensor>();
    try (var _ = new NoGradGuard()) {
      tensors.forEach(
          (name, weight) -> {
            if (weight.dim() > 1) {
              Tensor mask = Tensors.scoped(() -> weight.ne(new Scalar(0.0)));
              if (Masks.count(mask) < mask.numel()) {
                masks.put(name, mask);
              }
            }
          });
    }
    return masks;
  }

  /**
   * Gives a run's optimizer the state of the weights that go on.
   *
   * @throws CheckpointException when the checkpoint has none, or that of another optimizer
   */
  public void readOptimizerState(TrainingState run) {
    if (!Files.exists(directory.resolve(TrainingFile.NAME))) {
      throw new CheckpointException(
          directory, "has no optimizer state; set checkpoint.load_checkpoint_states to model");
    }
    String configured = run.config().optimizer().name();
    String saved =
        new Checkpoint(directory)
            .config()
            .map(earlier -> earlier.optimizer().name())
            .orElse(configured);
    if (!saved.equals(configured)) {
      throw new CheckpointException(
          directory,
          "has the state of %s, the optimizer is %s; set checkpoint.load_checkpoint_states to model"
              .formatted(saved, configured));
    }
    TrainingFile.read(directory, file -> run.trainingTensors().loadState(file, masks));
  }

  /** What becomes of the checkpoint's weights in a run, in one line. */
  public String describe(TrainingState run) {
    var now = new LinkedHashMap<String, Tensor>();
    run.sparseParameters().forEach(parameter -> now.put(parameter.name(), parameter.mask()));
    long goOn = 0;
    long grown = 0;
    long dropped = 0;
    for (var parameter : now.entrySet()) {
      Tensor saved = masks.get(parameter.getKey());
      Tensor kept = parameter.getValue();
      long keptCount = Masks.count(kept);
      long both = saved == null ? keptCount : Masks.count(both(saved, kept));
      goOn += both;
      grown += keptCount - both;
      dropped += (saved == null ? kept.numel() : Masks.count(saved)) - both;
    }
    for (var parameter : masks.entrySet()) {
      if (!now.containsKey(parameter.getKey())) {
        long saved = Masks.count(parameter.getValue());
        goOn += saved;
        grown += parameter.getValue().numel() - saved;
      }
    }
    return now.isEmpty() && masks.isEmpty()
        ? "starts from " + directory
        : String.format(
            Locale.ROOT,
            "starts from %s: in its sparse parameters %,d weights go on, %,d begin at zero, %,d are"
                + " dropped",
            directory,
            goOn,
            grown,
            dropped);
  }

  /** Frees the masks. */
  @Override
  public void close() {
    masks.values().forEach(Tensor::close);
  }

  private static Tensor both(Tensor saved, Tensor kept) {
    return saved.to(kept.device(), torch.ScalarType.Bool).logical_and(kept);
  }
}
