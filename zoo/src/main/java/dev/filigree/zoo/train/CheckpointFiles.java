package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.io.Json;
import dev.filigree.io.Durable;
import com.fasterxml.jackson.core.JacksonException;
import dev.filigree.optim.GradScaler;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.TrainingTensors;
import dev.filigree.zoo.config.PrecisionConfig.LossScaling;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.model.HuggingFaceFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The files of one checkpoint, manifest excepted. */
final class CheckpointFiles {
  static final String STATE = "state.json";
  private static final int FORMAT = 1;

  private CheckpointFiles() {}

  /** Writes a session at its step; the content of {@link CheckpointStore#save}. */
  static List<String> write(Path directory, Session session, Progress progress) throws IOException {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      HuggingFaceFolder.write(
          directory, session.config().model().config(), session::denseTensor, ElementType.F32);
      SafetensorsWriter.write(
          directory.resolve(TrainingFile.NAME),
          new TrainingTensors(session.parameters(), session.optimizer()).sources(),
          Map.of());
    }
    Optional<Tokenizer> tokenizer = session.trainData().dataset().tokenizer();
    if (tokenizer.isPresent()) {
      tokenizer.get().save(directory);
      HuggingFaceFolder.addEndTokens(directory, tokenizer.get().endTokens());
    }
    Durable.write(
        directory.resolve(STATE),
        Json.pretty(state(session, progress)).getBytes(StandardCharsets.UTF_8));
    Durable.write(directory.resolve(RunDirectory.CONFIG), RunDirectory.bytes(session.config()));
    return Durable.syncFiles(directory);
  }

  private static Map<String, @Nullable Object> state(Session session, Progress progress) {
    var state = new LinkedHashMap<String, @Nullable Object>(progress.state());
    state.put("format", FORMAT);
    state.put("seed", session.config().seed());
    state.put("data", session.trainData().state());
    state.put("sparsity", session.sparsity().map(SparseOptimizer::state).orElse(null));
    state.put("loss_scale", session.lossScale().map(GradScaler::state).orElse(null));
    return state;
  }

  /**
   * Puts a session where a checkpoint was.
   *
   * @throws CheckpointException when it is not one of this configuration
   */
  static Progress read(Path directory, Session session) {
    Map<String, Object> state = readState(directory.resolve(STATE));
    try {
      requireSameKind(state, session);
      // First: it says how each parameter is stored.
      session.sparsity().ifPresent(sparse -> sparse.load(map(state, "sparsity")));
      var training = new TrainingTensors(session.parameters(), session.optimizer());
      TrainingFile.read(directory, training::load);
      readModel(directory, session);
      TrainingFile.read(directory, training::loadStored);
      session.trainData().load(map(state, "data"));
      if (session.config().precision().lossScaling() instanceof LossScaling.Dynamic
          && state.get("loss_scale") != null) { // a run that had none begins with the first scale
        session.lossScale().orElseThrow().load(map(state, "loss_scale"));
      }
      return Progress.of(state);
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

  private static void requireSameKind(Map<String, Object> state, Session session) {
    boolean saved = state.get("sparsity") != null;
    if (saved != session.sparsity().isPresent()) {
      throw new IllegalArgumentException(
          saved
              ? "the checkpoint is sparse and the configuration is dense"
              : "the configuration is sparse and the checkpoint is dense");
    }
  }

  /** Reads the weights, after the masks: the initial masks were others and zeroed other weights. */
  private static void readModel(Path directory, Session session) {
    var sparse = new HashMap<String, SparseParameter>();
    session.sparseParameters().forEach(parameter -> sparse.put(parameter.name(), parameter));
    try {
      HuggingFaceFolder.readTensors(
          directory,
          session.config().model().config(),
          (name, tensor) -> {
            SparseParameter parameter = sparse.get(name);
            if (parameter == null) {
              Objects.requireNonNull(session.tensors().get(name), name).copy_(tensor);
            } else {
              Tensor weight = parameter.weight();
              Tensor dense = tensor.to(weight.device(), weight.scalar_type());
              weight.detach().copy_(parameter.fromDense(dense));
            }
          },
          new ArrayList<>());
    } catch (SafetensorsException e) {
      throw new CheckpointException(directory, String.valueOf(e.getMessage()));
    }
  }

  @SuppressWarnings("unchecked") // JSON objects have text keys
  private static Map<String, Object> map(Map<String, Object> state, String key) {
    if (state.get(key) instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new IllegalArgumentException("'" + key + "' is missing");
  }
}
