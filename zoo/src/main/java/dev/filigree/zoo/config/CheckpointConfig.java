package dev.filigree.zoo.config;

import static dev.filigree.config.InvalidValue.requireNotNegative;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.Key;
import dev.filigree.config.Records;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The block {@code checkpoint}. A run always saves one at its end.
 *
 * @param steps steps between checkpoints; 0 for the last one only. By default a fifth of the run,
 *     but no fewer than 100 and no more than 1,000
 * @param keep how many of the newest stay; 0 for all
 * @param keepBest whether the one with the best validation loss stays too
 * @param saveInitial whether to save one before the first step
 * @param weights how the weights of sparse parameters are written: dense, in Hugging Face's layout,
 *     or compressed, the kept values alone
 * @param loadOptimizerState whether a run that starts from a checkpoint takes the optimizer's state
 *     from it too, and not the weights alone
 */
public record CheckpointConfig(
    long steps,
    long keep,
    boolean keepBest,
    @Key("save_initial_checkpoint") boolean saveInitial,
    Weights weights,
    @Key("load_checkpoint_states") boolean loadOptimizerState) {
  /** How a checkpoint has the weights of sparse parameters. */
  public enum Weights {
    /** Zeros and all, in a file that other tools read. */
    DENSE,
    /** The values that the masks keep. */
    COMPRESSED
  }

  private static final long FEWEST_STEPS = 100;
  private static final long MOST_STEPS = 1000;
  private static final String LOAD_STATES = "load_checkpoint_states";
  private static final Map<String, String> LEFT_OUT =
      Map.of(
          "autoload_last_checkpoint", "left out: runs go on with --resume",
          "disable_strict_checkpoint_loading", "left out: checkpoints are always checked",
          "checkpoint_name", "left out: checkpoints are named step-000100");

  /**
   * @throws dev.filigree.config.InvalidValue for a negative number
   */
  public CheckpointConfig {
    requireNotNegative("steps", steps);
    requireNotNegative("keep", keep);
  }

  /** Whether a checkpoint is saved once so many steps are finished, the last one aside. */
  public boolean savesAt(long step) {
    return steps > 0 && step % steps == 0;
  }

  /**
   * Reads the block; the callbacks KeepNCheckpoints and LoadCheckpointStates speak for a block that
   * leaves their keys out.
   */
  static CheckpointConfig read(
      ConfigMap block, CallbacksConfig callbacks, long maxSteps, List<String> notes) {
    ConfigBlocks.leaveOut(block, LEFT_OUT, notes);
    boolean optimizerState =
        onlyOne(block.get(LOAD_STATES), callbacks.loadCheckpointStates())
            .map(node -> loadsOptimizerState(node, notes))
            .orElse(false);
    // A key without a value is 0, as in the Model Zoo.
    long steps = block.has("steps") ? 0 : Math.clamp(maxSteps / 5, FEWEST_STEPS, MOST_STEPS);
    CheckpointConfig config =
        Records.read(
            block,
            new CheckpointConfig(steps, 3, true, false, Weights.DENSE, optimizerState),
            key ->
                switch (key) {
                  case "keep" -> onlyOne(block.get(key), callbacks.keepCheckpoints());
                  case LOAD_STATES -> Optional.empty();
                  default -> block.get(key);
                });
    block.rejectUnknown();
    return config;
  }

  /** A key of the block or of a callback. */
  private static Optional<ConfigNode> onlyOne(
      Optional<ConfigNode> own, Optional<ConfigNode> callback) {
    if (own.isPresent() && callback.isPresent()) {
      throw callback.get().error("the block checkpoint says it too: give one");
    }
    return own.or(() -> callback);
  }

  /** A list of states, or a text with commas between them. */
  private static boolean loadsOptimizerState(ConfigNode node, List<String> notes) {
    List<String> states =
        node.asList().items().stream()
            .flatMap(item -> Stream.of(item.asString().split(",")))
            .map(String::strip)
            .toList();
    for (String state : states) {
      if (!List.of("all", "model", "optimizer").contains(state)) {
        throw node.error("allowed: all, model, optimizer; found '" + state + "'");
      }
    }
    if (states.contains("all")) {
      notes.add(
          node.note(
              "model and optimizer: steps, schedules and data begin again, --resume goes on with"
                  + " them"));
      return true;
    }
    if (!states.contains("model")) {
      throw node.error("must name model; found '" + String.join(",", states) + "'");
    }
    return states.contains("optimizer");
  }

  Map<String, Object> toConfig() {
    Map<String, Object> block = Records.write(this);
    block.put(LOAD_STATES, loadOptimizerState ? "model,optimizer" : "model");
    return block;
  }
}
