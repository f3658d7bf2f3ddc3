package dev.filigree.zoo.config;

import static dev.filigree.zoo.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigMap;
import java.util.List;
import java.util.Map;

/**
 * The block {@code logging}.
 *
 * @param logSteps steps between the training rows of metrics.jsonl
 */
public record LoggingConfig(long logSteps) {
  private static final Map<String, String> LEFT_OUT =
      Map.of(
          "log_level", "left out: use --quiet or --verbose",
          "wsc_log_level", "left out: the log of a Cerebras cluster",
          "enable_act_frequency", "left out: only Cerebras hardware has it");

  public LoggingConfig {
    requirePositive("log_steps", logSteps);
  }

  /** Whether a step gets a training row. */
  public boolean logsAt(long step) {
    return step == 1 || step % logSteps == 0;
  }

  static LoggingConfig read(ConfigMap block, List<String> notes) {
    Blocks.leaveOut(block, LEFT_OUT, notes);
    LoggingConfig config =
        Blocks.build(block, () -> new LoggingConfig(block.integer("log_steps", 1)));
    block.rejectUnknown();
    return config;
  }

  Map<String, Object> toConfig() {
    return Map.of("log_steps", logSteps);
  }
}
