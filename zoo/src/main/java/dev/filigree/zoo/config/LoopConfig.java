package dev.filigree.zoo.config;

import static dev.filigree.config.InvalidValue.requireNotNegative;
import static dev.filigree.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Records;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The block {@code loop}: how long to train and when to evaluate.
 *
 * @param maxSteps the optimizer steps that the run is planned for
 * @param stopAt the step to stop at, when that is not {@code maxSteps}; the schedules stay those of
 *     {@code maxSteps}, so that a run stopped early and resumed equals one that never stopped
 * @param evalFrequency steps between evaluations; 0 for none
 * @param evalSteps batches of one evaluation; 0 for the whole validation set
 * @param gradAccumSteps batches whose gradients make one optimizer step
 * @param earlyStopping when the run ends before its last step; empty for never
 * @param activationCheckpointing whether activations are computed again in the backward pass, which
 *     saves their memory
 * @param maxSkippedSteps steps skipped in a row, for a loss or gradient that is not finite, that
 *     end the run
 */
public record LoopConfig(
    long maxSteps,
    @Nullable Long stopAt,
    long evalFrequency,
    long evalSteps,
    long gradAccumSteps,
    Optional<EarlyStopConfig> earlyStopping,
    boolean activationCheckpointing,
    long maxSkippedSteps) {
  static final long DEFAULT_MAX_STEPS = 500;

  /**
   * @throws dev.filigree.config.InvalidValue for a negative number, or 0 where there must be one
   */
  public LoopConfig {
    requirePositive("max_steps", maxSteps);
    if (stopAt != null) {
      requirePositive("stop_at", stopAt.longValue());
    }
    requireNotNegative("eval_frequency", evalFrequency);
    requireNotNegative("eval_steps", evalSteps);
    requirePositive("grad_accum_steps", gradAccumSteps);
    requirePositive("max_skipped_steps", maxSkippedSteps);
  }

  /** The step at which this run ends. */
  public long lastStep() {
    return stopAt == null ? maxSteps : stopAt;
  }

  /** Whether the validation sets are evaluated once so many steps are finished. */
  public boolean evaluatesAt(long step) {
    return evalFrequency > 0 && step % evalFrequency == 0;
  }

  /** Reads the block; the callback EarlyStopping speaks for one without early_stopping. */
  static LoopConfig read(ConfigMap block, CallbacksConfig callbacks, List<String> notes) {
    long maxSteps = maxSteps(block);
    Supplier<LoopConfig> defaults =
        () ->
            new LoopConfig(
                maxSteps,
                null,
                evalFrequency(block, maxSteps),
                20,
                1,
                earlyStopping(block, callbacks, notes),
                false,
                10);
    LoopConfig config =
        Records.readWithout(
            block, block.build(defaults), Set.of("max_steps", "eval_frequency", "early_stopping"));
    block.rejectUnknown();
    return config;
  }

  private static Optional<EarlyStopConfig> earlyStopping(
      ConfigMap block, CallbacksConfig callbacks, List<String> notes) {
    Optional<ConfigNode> own = block.get("early_stopping");
    Optional<ConfigNode> patience = block.get("patience").filter(node -> node.asLong() != 0);
    if (own.isPresent() && patience.isPresent()) {
      throw patience.get().error("give it in early_stopping");
    }
    if (own.or(() -> patience).isPresent()) {
      callbacks
          .earlyStopping()
          .ifPresent(
              node -> {
                throw node.error("the block loop has early stopping of its own: give one");
              });
    }
    if (patience.isPresent()) {
      return Optional.of(EarlyStopConfig.onLoss(patience.get().asLong()));
    }
    return own.or(callbacks::earlyStopping).map(node -> EarlyStopConfig.read(node.asMap(), notes));
  }

  /**
   * Steps by any of the Model Zoo's keys.
   *
   * @throws dev.filigree.config.ConfigException for two keys that differ, one of which would have
   *     no effect
   */
  static long maxSteps(ConfigMap block) {
    Optional<ConfigNode> epochs = block.get("num_epochs");
    Optional<ConfigNode> stepsPerEpoch = block.get("steps_per_epoch");
    if (stepsPerEpoch.isPresent() && epochs.isEmpty()) {
      throw stepsPerEpoch.get().error("has no effect without num_epochs");
    }
    var lengths = new LinkedHashMap<String, Long>();
    for (String key : List.of("num_steps", "max_steps")) {
      block.get(key).ifPresent(node -> lengths.put(key, node.asLong()));
    }
    epochs.ifPresent(
        node -> {
          long perEpoch =
              stepsPerEpoch
                  .orElseThrow(() -> node.error("needs steps_per_epoch too, or give max_steps"))
                  .asLong();
          lengths.put("num_epochs", Math.multiplyExact(node.asLong(), perEpoch));
        });
    if (lengths.values().stream().distinct().count() > 1) {
      throw block
          .require(lengths.lastEntry().getKey())
          .error("give one length of the run, found steps " + lengths);
    }
    return lengths.isEmpty() ? DEFAULT_MAX_STEPS : lengths.firstEntry().getValue();
  }

  /** A whole number of steps, or a fraction of the run written with a decimal point. */
  private static long evalFrequency(ConfigMap block, long maxSteps) {
    Optional<ConfigNode> node = block.get("eval_frequency");
    if (node.isEmpty()) {
      return block.has("eval_frequency") ? 0 : Math.max(1, maxSteps / 5);
    }
    if (node.get() instanceof ConfigScalar scalar
        && scalar.value() instanceof Double fraction
        && fraction >= 0
        && fraction <= 1) {
      return fraction == 0 ? 0 : Math.max(1, Math.round(fraction * maxSteps));
    }
    return node.get().asLong();
  }
}
