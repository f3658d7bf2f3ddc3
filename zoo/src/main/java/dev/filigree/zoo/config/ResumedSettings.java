package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.PrecisionConfig.LossScaling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a resumed run changes: each takes effect from the checkpoint on, or is refused.
 * So a run's {@code config.yaml} never says what the run does not do.
 */
public final class ResumedSettings {
  private static final String SAVED = "the checkpoint has it";
  private static final String ORDER = "it decides the order of the data that the run is in";
  private static final String START = "only a new run uses it";

  /** What becomes of a changed setting. */
  private sealed interface Fate {
    /** It takes effect, and the run's numbers may be others from then on. */
    record Noted() implements Fate {}

    /** It takes effect, and changes no number of the run. */
    record Silent() implements Fate {}

    record Refused(String why) implements Fate {}
  }

  private static final Fate NOTED = new Fate.Noted();
  private static final Fate SILENT = new Fate.Silent();

  /** By the key, or the longest beginning of it, as {@code -s} names it. */
  private static final Map<String, Fate> FATES = new LinkedHashMap<>();

  static {
    FATES.put("model_dir", new Fate.Refused("--resume names the run directory"));
    FATES.put("seed", new Fate.Refused(SAVED));
    FATES.put("backend", SILENT);
    FATES.put("deterministic", SILENT);
    FATES.put("model", new Fate.Refused(SAVED));
    FATES.put("optimizer", NOTED);
    FATES.put("optimizer.Adagrad.initial_accumulator", new Fate.Refused(START));
    FATES.put("optimizer.Rprop.learning_rate", new Fate.Refused("only its first step uses it"));
    FATES.put("schedulers", NOTED);
    FATES.put("precision", NOTED);
    FATES.put("sparsity", NOTED); // what the run can follow: see ResumedSparsity
    FATES.put("execution", NOTED);
    FATES.put("loop", NOTED);
    FATES.put("loop.max_steps", SILENT);
    FATES.put("loop.stop_at", SILENT);
    FATES.put("loop.eval_frequency", SILENT);
    FATES.put("loop.activation_checkpointing", SILENT);
    FATES.put("loop.max_skipped_steps", SILENT);
    FATES.put("checkpoint", SILENT);
    FATES.put("checkpoint.save_initial_checkpoint", new Fate.Refused(START));
    FATES.put("checkpoint.load_checkpoint_states", new Fate.Refused(START));
    FATES.put("logging", SILENT);
    FATES.put("parallel.wire", NOTED);
    FATES.put("parallel.shard_optimizer_state", SILENT);
    FATES.put("ckpt_path", new Fate.Refused(START));
    FATES.put("train_dataloader", new Fate.Refused(ORDER));
    FATES.put(
        "train_dataloader.data_dir", NOTED); // data may move; others are refused by their size
    FATES.put("train_dataloader.batch_size", NOTED);
    FATES.put("train_dataloader.micro_batch_size", SILENT);
    FATES.put("train_dataloader.cache_dir", SILENT);
    FATES.put("val_dataloader", NOTED);
  }

  private ResumedSettings() {}

  /**
   * Compares the configuration of a checkpoint with the one that a run is to go on with.
   *
   * @param step of the checkpoint
   * @return {@code after}, with a note for each setting that changes the run's numbers
   * @throws ConfigException for a setting that would have no effect: the key, the run's value and
   *     the one given
   */
  public static RunConfig check(RunConfig before, RunConfig after, long step) {
    if (!before.optimizer().name().equals(after.optimizer().name())) {
      throw refused("optimizer", before.optimizer().name(), after.optimizer().name(), SAVED);
    }
    if (after.loop().lastStep() < step) {
      throw new ConfigException(
          "--resume: the run has finished %d steps already; the step to end at, --steps, must be at"
                  .formatted(step)
              + " least that, found "
              + after.loop().lastStep());
    }
    ResumedSparsity.check(before.sparsity(), after.sparsity(), step, after.loop().lastStep());
    Map<String, Object> old = settings(before);
    Map<String, Object> given = settings(after);
    var keys = new TreeSet<>(old.keySet());
    keys.addAll(given.keySet());
    var notes = new ArrayList<String>();
    for (String key : keys) {
      Object from = old.get(key);
      Object to = given.get(key);
      if (Objects.equals(from, to)) {
        continue;
      }
      switch (fate(key)) {
        case Fate.Silent() -> {}
        case Fate.Noted() -> notes.add(note(key, from, to, step));
        case Fate.Refused(String why) -> throw refused(key, from, to, why);
      }
    }
    checkLossScale(before.precision().lossScaling(), after.precision().lossScaling());
    return after.withNotes(notes);
  }

  /** Whether earlier losses can be compared with later ones: the same data, the same batches. */
  public static boolean evaluatesAlike(RunConfig before, RunConfig after) {
    return before.validationData().equals(after.validationData())
        && before.loop().evalSteps() == after.loop().evalSteps()
        && before.loop().earlyStopping().equals(after.loop().earlyStopping());
  }

  /** A dynamic loss scale goes on from the one that was saved. */
  private static void checkLossScale(LossScaling before, LossScaling after) {
    if (before instanceof LossScaling.Fixed(double scale) && after instanceof LossScaling.Dynamic) {
      throw refused("precision.loss_scaling_factor", scale, "dynamic", SAVED);
    }
    if (before instanceof LossScaling.Dynamic from
        && after instanceof LossScaling.Dynamic to
        && from.initial() != to.initial()) {
      throw refused("precision.initial_loss_scale", from.initial(), to.initial(), SAVED);
    }
  }

  static ConfigException refused(
      String key, @Nullable Object from, @Nullable Object to, String why) {
    return new ConfigException(
        "--resume: %s: the run has %s, found %s: %s".formatted(key, text(from), text(to), why));
  }

  private static String note(String key, @Nullable Object from, @Nullable Object to, long step) {
    return "from step %d on: %s is %s, before it was %s".formatted(step, key, text(to), text(from));
  }

  private static String text(@Nullable Object value) {
    return value == null ? "none" : value.toString();
  }

  private static Fate fate(String key) {
    String part = decidedBy(key);
    // A key that is not listed here is one that takes no effect.
    return FATES.getOrDefault(part, new Fate.Refused("a resumed run cannot change it"));
  }

  /** The longest beginning of a key that has a fate; its first part where none has. */
  private static String decidedBy(String key) {
    String part = key;
    while (!FATES.containsKey(part) && part.contains(".")) {
      part = part.substring(0, part.lastIndexOf('.'));
    }
    return part;
  }

  static boolean isDecided(String key) {
    return FATES.containsKey(decidedBy(key));
  }

  /** Every setting of a configuration by its key, as {@code -s} names it. */
  static Map<String, Object> settings(RunConfig config) {
    var settings = new LinkedHashMap<String, Object>();
    if (config.toConfig().get("trainer") instanceof Map<?, ?> trainer) {
      trainer.values().forEach(block -> collect("", block, settings));
    }
    return settings;
  }

  private static void collect(String path, @Nullable Object value, Map<String, Object> settings) {
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, item) -> collect(path.isEmpty() ? "" + key : path + "." + key, item, settings));
    } else if (value != null) {
      settings.put(path, value);
    }
  }
}
