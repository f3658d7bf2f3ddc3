package dev.filigree.zoo.train.checkpoint;

import com.fasterxml.jackson.core.JacksonException;
import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.io.Json;
import dev.filigree.optim.GradScaler;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.PrecisionConfig.LossScaling;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The files of one checkpoint, manifest excepted. */
final class CheckpointFiles {
  static final String STATE = "state.json";
  private static final int FORMAT = 1;

  private CheckpointFiles() {}

  /**
   * Writes a run at its step; returns the names of the files.
   *
   * @param progress how far it is, the other keys of {@code state.json}
   */
  static List<String> write(
      Path directory, TrainingState run, Map<String, @Nullable Object> progress)
      throws IOException {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      writeWeights(directory, run);
      SafetensorsWriter.write(
          directory.resolve(TrainingFile.NAME), run.trainingTensors().sources(), Map.of());
    }
    Optional<Tokenizer> tokenizer = run.data().dataset().tokenizer();
    if (tokenizer.isPresent()) {
      tokenizer.get().save(directory);
      HuggingFaceFolder.addEndTokens(directory, tokenizer.get().endTokens());
    }
    Durable.write(
        directory.resolve(STATE),
        Json.pretty(state(run, progress)).getBytes(StandardCharsets.UTF_8));
    Durable.write(directory.resolve(ConfigFile.NAME), ConfigFile.bytes(run.config()));
    return Durable.syncFiles(directory);
  }

  private static void writeWeights(Path directory, TrainingState run) throws IOException {
    ModelConfig model = run.config().model().config();
    switch (run.config().checkpoint().weights()) {
      case DENSE -> HuggingFaceFolder.write(directory, model, run::denseTensor, ElementType.F32);
      case COMPRESSED -> {
        if (run.sparsity().isPresent()) {
          HuggingFaceFolder.writeConfig(directory, model);
          KeptWeights.write(directory, run);
        } else { // nothing is missing
          HuggingFaceFolder.write(directory, model, run::denseTensor, ElementType.F32);
        }
      }
    }
  }

  private static Map<String, @Nullable Object> state(
      TrainingState run, Map<String, @Nullable Object> progress) {
    var state = new LinkedHashMap<String, @Nullable Object>(progress);
    state.put("format", FORMAT);
    state.put("seed", run.config().seed());
    state.put("data", run.data().state());
    state.put("sparsity", run.sparsity().map(SparseOptimizer::state).orElse(null));
    state.put("loss_scale", run.lossScale().map(GradScaler::state).orElse(null));
    return state;
  }

  /**
   * Puts a run where a checkpoint was.
   *
   * @throws CheckpointException when it is not one of this configuration
   */
  static <T> T read(Path directory, TrainingState run, Function<Map<String, Object>, T> progress) {
    Map<String, Object> state = readState(directory.resolve(STATE));
    try {
      requireSameKind(state, run);
      // First: it says how each parameter is stored.
      run.sparsity().ifPresent(sparse -> sparse.load(required(state, "sparsity")));
      var training = run.trainingTensors();
      TrainingFile.read(directory, training::load);
      readModel(directory, run);
      TrainingFile.read(directory, training::loadStored);
      run.data().load(required(state, "data"));
      if (run.config().precision().lossScaling() instanceof LossScaling.Dynamic
          && state.get("loss_scale") != null) { // a run that had none begins with the first scale
        run.lossScale().orElseThrow().load(required(state, "loss_scale"));
      }
      T read = progress.apply(state);
      if (!directory.endsWith(folder(step(state)))) {
        throw new CheckpointException(
            directory, "refused: what it holds is of step " + step(state));
      }
      return read;
    } catch (DataException | IllegalArgumentException e) {
      throw new CheckpointException(directory.resolve(STATE), String.valueOf(e.getMessage()));
    } catch (ClassCastException | NullPointerException | IllegalStateException e) {
      // The manifest agrees, so it was made so: values of another kind than were ever written.
      throw new CheckpointException(directory.resolve(STATE), "refused: " + Failures.reason(e));
    }
  }

  static Map<String, Object> readState(Path file) {
    try {
      Map<String, Object> state = Json.readMap(Files.readAllBytes(file));
      if (!(state.get("format") instanceof Number format) || format.intValue() != FORMAT) {
        throw new CheckpointException(
            file, "has format " + state.get("format") + "; this program reads " + FORMAT);
      }
      return state;
    } catch (JacksonException e) {
      throw new CheckpointException(file, "damaged: not a JSON file");
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be read: " + Failures.reason(e));
    }
  }

  /** The folder name of a step's checkpoint. */
  static String folder(long step) {
    return String.format(Locale.ROOT, "step-%06d", step);
  }

  /** Optimizer steps finished. */
  static long step(Map<String, Object> state) {
    if (state.get("step") instanceof Number step) {
      return step.longValue();
    }
    throw new IllegalArgumentException("'step' is missing");
  }

  private static void requireSameKind(Map<String, Object> state, TrainingState run) {
    boolean saved = state.get("sparsity") != null;
    if (saved != run.sparsity().isPresent()) {
      throw new IllegalArgumentException(
          saved
              ? "the checkpoint is sparse and the configuration is dense"
              : "the configuration is sparse and the checkpoint is dense");
    }
  }

  /** Reads the weights, after the masks: the initial masks were others and zeroed other weights. */
  private static void readModel(Path directory, TrainingState run) {
    var sparse = new HashMap<String, SparseParameter>();
    run.sparseParameters().forEach(parameter -> sparse.put(parameter.name(), parameter));
    try (var weights = SavedWeights.open(directory, run.config().model().config())) {
      for (String name : weights.names()) {
        SparseParameter parameter = sparse.get(name);
        if (parameter == null) {
          Tensor tensor = Objects.requireNonNull(run.tensors().get(name), name);
          Tensors.inScope(() -> tensor.copy_(weights.read(name)));
        } else {
          weights.readInto(parameter);
        }
      }
    }
  }

  private static Map<String, Object> required(Map<String, Object> state, String key) {
    return map(state, key)
        .orElseThrow(() -> new IllegalArgumentException("'" + key + "' is missing"));
  }

  @SuppressWarnings("unchecked") // JSON objects have text keys
  static Optional<Map<String, Object>> map(Map<String, Object> state, String key) {
    return state.get(key) instanceof Map<?, ?> map
        ? Optional.of((Map<String, Object>) map)
        : Optional.empty();
  }
}
