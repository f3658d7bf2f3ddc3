package dev.filigree.zoo.config;

import static dev.filigree.zoo.config.InvalidValue.requireNotNegative;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The block {@code checkpoint}. A run always saves one at its end.
 *
 * @param steps steps between checkpoints; 0 for the last one only
 * @param keep how many of the newest stay; 0 for all
 * @param keepBest whether the one with the best validation loss stays too
 * @param saveInitial whether to save one before the first step
 */
public record CheckpointConfig(long steps, long keep, boolean keepBest, boolean saveInitial) {
  private static final Map<String, String> LEFT_OUT =
      Map.of(
          "autoload_last_checkpoint", "left out: runs go on with --resume",
          "disable_strict_checkpoint_loading", "left out: checkpoints are always checked",
          "checkpoint_name", "left out: checkpoints are named step-000100");

  public CheckpointConfig {
    requireNotNegative("steps", steps);
    requireNotNegative("keep", keep);
  }

  /** Whether a checkpoint is saved once so many steps are finished, the last one aside. */
  public boolean savesAt(long step) {
    return steps > 0 && step % steps == 0;
  }

  /**
   * Reads the block; {@code fromCallbacks} is what the callback KeepNCheckpoints says, for a block
   * without {@code keep}.
   */
  static CheckpointConfig read(ConfigMap block, Optional<Long> fromCallbacks, List<String> notes) {
    Blocks.leaveOut(block, LEFT_OUT, notes);
    CheckpointConfig config =
        Blocks.build(
            block,
            () ->
                new CheckpointConfig(
                    block.integer("steps", 0),
                    block.get("keep").map(ConfigNode::asLong).or(() -> fromCallbacks).orElse(3L),
                    block.flag("keep_best", true),
                    block.flag("save_initial_checkpoint", false)));
    block.rejectUnknown();
    return config;
  }

  Map<String, Object> toConfig() {
    var block = new LinkedHashMap<String, Object>();
    block.put("steps", steps);
    block.put("keep", keep);
    block.put("keep_best", keepBest);
    block.put("save_initial_checkpoint", saveInitial);
    return block;
  }
}
