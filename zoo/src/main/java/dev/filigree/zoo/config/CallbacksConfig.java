package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the blocks {@code callbacks} and {@code loggers} say that concerns us.
 *
 * @param keepCheckpoints of KeepNCheckpoints
 * @param loadCheckpointStates of LoadCheckpointStates
 * @param earlyStopping the keys of EarlyStopping
 * @param csv whether there is a CSVLogger
 * @param tensorBoard whether there is a TensorBoardLogger
 */
record CallbacksConfig(
    Optional<ConfigNode> keepCheckpoints,
    Optional<ConfigNode> loadCheckpointStates,
    Optional<ConfigNode> earlyStopping,
    boolean csv,
    boolean tensorBoard) {
  private static final String ALWAYS = "left out: metrics.jsonl always has it";
  private static final String CEREBRAS = "left out: only Cerebras hardware has it";
  private static final String TRACKING = "left out: metrics.jsonl and report.html take its place";

  private static final Map<String, String> FOLDERS =
      Map.of(
          "summary_dir", "left out: event files go to events/ of the run directory",
          "legacy_event_dirs", "left out: event files go to events/ of the run directory");

  private static final Map<String, String> LEFT_OUT =
      Map.ofEntries(
          Map.entry("CheckLoss", "left out: every step checks its loss and gradients"),
          Map.entry("ComputeNorm", ALWAYS),
          Map.entry("RateProfiler", ALWAYS),
          Map.entry("LogOptimizerParamGroup", ALWAYS),
          Map.entry("LogSparsity", ALWAYS),
          Map.entry("LogInputSummaries", "left out"),
          Map.entry("ModelEvalMetrics", "left out: evaluation reports loss and perplexity"),
          Map.entry(
              "SaveCheckpointState", "left out: every checkpoint has model.safetensors apart"),
          Map.entry("GlobalFlags", CEREBRAS),
          Map.entry("ScopedTrainFlags", CEREBRAS),
          Map.entry("ScopedValidateFlags", CEREBRAS),
          Map.entry("WeightCompression", CEREBRAS),
          Map.entry("DumpActivations", CEREBRAS),
          Map.entry("DumpAvailableTensorNames", CEREBRAS),
          Map.entry("OpProfiler", CEREBRAS),
          Map.entry("Profiler", CEREBRAS),
          Map.entry("FlopUtilization", CEREBRAS),
          Map.entry("EleutherEvalHarness", "left out: evaluate --task asks its questions"),
          Map.entry("BigCodeEvalHarness", "left out: evaluation reports loss and perplexity"),
          Map.entry("ProgressLogger", "left out: the command line shows progress"),
          Map.entry("WandbLogger", TRACKING));

  /** Callbacks that change what is trained: a run without them would be another run. */
  private static final Map<String, String> NOT_SUPPORTED =
      Map.of("Lora", "training adapters", "SelectiveGrad", "training some parameters only");

  static CallbacksConfig read(ConfigMap init, List<String> notes) {
    Optional<ConfigNode> keep = Optional.empty();
    Optional<ConfigNode> states = Optional.empty();
    Optional<ConfigNode> earlyStopping = Optional.empty();
    boolean csv = false;
    boolean tensorBoard = false;
    for (String key : List.of("callbacks", "loggers")) {
      Optional<ConfigNode> list = init.get(key);
      if (list.isEmpty()) {
        continue;
      }
      for (ConfigNode item : list.get().asList()) {
        var callback = ConfigBlocks.single(item, "callback");
        switch (callback.getKey()) {
          case "KeepNCheckpoints" -> keep = only(callback.getValue(), "n");
          case "LoadCheckpointStates" ->
              states = only(callback.getValue(), "load_checkpoint_states");
          case "EarlyStopping" -> earlyStopping = Optional.of(callback.getValue());
          case "CSVLogger" -> csv = isOn(callback.getValue(), Map.of(), notes);
          case "TensorBoardLogger" -> tensorBoard = isOn(callback.getValue(), FOLDERS, notes);
          default -> leaveOut(callback.getKey(), callback.getValue(), notes);
        }
      }
    }
    return new CallbacksConfig(keep, states, earlyStopping, csv, tensorBoard);
  }

  /** The value of the one key that a callback has. */
  private static Optional<ConfigNode> only(ConfigNode callback, String key) {
    ConfigMap keys = callback.asMap();
    Optional<ConfigNode> value = keys.get(key);
    keys.rejectUnknown();
    return value;
  }

  /** A logger that is there is on; {@code CSVLogger:} without keys is one too. */
  private static boolean isOn(ConfigNode logger, Map<String, String> leftOut, List<String> notes) {
    if (!(logger instanceof ConfigScalar scalar && scalar.value() == null)) {
      ConfigMap keys = logger.asMap();
      ConfigBlocks.leaveOut(keys, leftOut, notes);
      keys.rejectUnknown();
    }
    return true;
  }

  private static void leaveOut(String name, ConfigNode node, List<String> notes) {
    if (NOT_SUPPORTED.containsKey(name)) {
      throw node.error(NOT_SUPPORTED.get(name) + " is not supported: remove the callback");
    }
    String reason = LEFT_OUT.get(name);
    if (reason == null) {
      throw node.error(
          "unknown callback; allowed: KeepNCheckpoints, LoadCheckpointStates, EarlyStopping,"
              + " CSVLogger, TensorBoardLogger, "
              + String.join(", ", LEFT_OUT.keySet().stream().sorted().toList()));
    }
    notes.add(node.note(reason));
  }
}
