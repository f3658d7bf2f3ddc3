package dev.filigree.zoo.config;

import static dev.filigree.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Key;
import dev.filigree.config.Records;
import java.util.List;
import java.util.Map;

/**
 * The block {@code logging}.
 *
 * @param logSteps steps between the training rows of metrics.jsonl
 * @param csv whether the run writes metrics.csv too
 * @param tensorBoard whether the run writes TensorBoard's event files too
 * @param weightAges whether mask updates say how old the weights that exist are: four bytes a kept
 *     weight in the host's memory and beside each checkpoint, and a pass over them at each update
 */
public record LoggingConfig(
    long logSteps, boolean csv, @Key("tensorboard") boolean tensorBoard, boolean weightAges) {
  private static final Map<String, String> LEFT_OUT =
      Map.of(
          "log_level", "left out: use --quiet or --verbose",
          "wsc_log_level", "left out: the log of a Cerebras cluster",
          "enable_act_frequency", "left out: only Cerebras hardware has it");

  /**
   * @throws dev.filigree.config.InvalidValue for a number of steps that is not above 0
   */
  public LoggingConfig {
    requirePositive("log_steps", logSteps);
  }

  /** Whether a step gets a training row. */
  public boolean logsAt(long step) {
    return step == 1 || step % logSteps == 0;
  }

  /** Reads the block; a logger among the {@code loggers} switches its file on as well. */
  static LoggingConfig read(ConfigMap block, CallbacksConfig callbacks, List<String> notes) {
    ConfigBlocks.leaveOut(block, LEFT_OUT, notes);
    LoggingConfig config =
        Records.read(block, new LoggingConfig(1, callbacks.csv(), callbacks.tensorBoard(), false));
    block.rejectUnknown();
    return config;
  }
}
