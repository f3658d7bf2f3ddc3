package dev.filigree.zoo.train.checkpoint;

import dev.filigree.mask.Masks;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The checkpoint, or folder in Hugging Face's layout, that a new run starts from. The run may be
 * sparser, denser or dense: what it has and the checkpoint has not begins at zero, with zero
 * optimizer state. For Filigree's own packages.
 */
public final class StartingPoint implements AutoCloseable {
  private final Path directory;
  private final SavedWeights weights;
  private final Map<String, Tensor> masks;

  private StartingPoint(Path directory, SavedWeights weights, Map<String, Tensor> masks) {
    this.directory = directory;
    this.weights = weights;
    this.masks = masks;
  }

  /**
   * Opens a starting point; the weights are read when their turn comes.
   *
   * @param path a checkpoint, a run directory or a folder in Hugging Face's layout
   * @throws CheckpointException when it is damaged, or is not one of this network
   */
  public static StartingPoint open(Path path, RunConfig config) {
    Path directory = Checkpoints.resolve(path);
    if (Files.exists(directory.resolve(CheckpointManifest.NAME))) {
      CheckpointManifest.check(directory);
    }
    SavedWeights weights;
    try {
      weights = SavedWeights.open(directory, config.model().config());
    } catch (CheckpointException e) {
      throw new CheckpointException(
          directory, "not a checkpoint of the configured model: " + e.reason());
    }
    return new StartingPoint(directory, weights, masks(directory, weights));
  }

  /** The masks that were saved; for a folder without any, from the zeros of its matrices. */
  private static Map<String, Tensor> masks(Path directory, SavedWeights weights) {
    if (Files.exists(directory.resolve(TrainingFile.NAME))) {
      return new Checkpoint(directory).masks();
    }
    var masks = new LinkedHashMap<String, Tensor>();
    for (String name : weights.matrices()) {
      Tensor mask = Tensors.scoped(() -> weights.read(name).ne(new Scalar(0.0)));
      if (Masks.count(mask) < mask.numel()) {
        masks.put(name, mask);
      }
    }
    return masks;
  }

  /**
   * Which weights exist in it, of the parameters that are sparse there: bool tensors by parameter
   * name.
   */
  public Map<String, Tensor> masks() {
    return masks;
  }

  /**
   * The values of a tensor of the network: a new one on the CPU, zero where no weight exists.
   *
   * @throws CheckpointException when they cannot be read
   */
  public Tensor values(String name) {
    return weights.read(name);
  }

  /**
   * Gives a run's optimizer the state of the weights that go on.
   *
   * @throws CheckpointException when the checkpoint has none, or that of another optimizer
   */
  public void readOptimizerState(TrainingState run) {
    if (!Files.exists(directory.resolve(CheckpointFiles.STATE))) {
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
    var counts = new long[3]; // what goes on, what begins at zero, what is dropped
    var now = new HashSet<String>();
    for (SparseParameter parameter : run.sparseParameters()) {
      now.add(parameter.name());
      Tensor saved = masks.get(parameter.name());
      long kept = parameter.kept();
      long both = saved == null ? kept : common(saved, parameter);
      counts[0] += both;
      counts[1] += kept - both;
      counts[2] += (saved == null ? parameter.size() : Masks.count(saved)) - both;
    }
    for (var parameter : masks.entrySet()) {
      if (!now.contains(parameter.getKey())) {
        long saved = Masks.count(parameter.getValue());
        counts[0] += saved;
        counts[1] += parameter.getValue().numel() - saved;
      }
    }
    return now.isEmpty() && masks.isEmpty()
        ? "starts from " + directory
        : String.format(
            Locale.ROOT,
            "starts from %s: in its sparse parameters %,d weights go on, %,d begin at zero, %,d are"
                + " dropped",
            directory,
            counts[0],
            counts[1],
            counts[2]);
  }

  /** Frees the masks, and closes the files. */
  @Override
  public void close() {
    weights.close();
    masks.values().forEach(Tensor::close);
  }

  /** How many weights exist both in a checkpoint and in the run. */
  private static long common(Tensor saved, SparseParameter parameter) {
    var count = new long[1];
    Tensors.inScope(
        () -> {
          Tensor kept = parameter.mask();
          count[0] = Masks.count(saved.to(kept.device(), torch.ScalarType.Bool).logical_and(kept));
        });
    return count[0];
  }
}
