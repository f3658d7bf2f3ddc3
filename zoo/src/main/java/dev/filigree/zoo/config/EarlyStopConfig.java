package dev.filigree.zoo.config;

import static dev.filigree.zoo.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When a run ends before its last step: {@code loop.early_stopping}, or the callback EarlyStopping.
 *
 * @param dataset the validation set that is watched; empty for the mean over all
 * @param metric of the evaluations
 * @param minDelta a change counts as better only when it is larger than this
 * @param patience evaluations in a row without a better value that end the run
 * @param mode whether lower or higher is better
 */
public record EarlyStopConfig(
    String dataset, Metric metric, double minDelta, long patience, Mode mode) {
  private static final String WITHOUT_EFFECT = "left out: it changes no run here";
  private static final Map<String, String> LEFT_OUT =
      Map.of(
          "verbose", WITHOUT_EFFECT,
          "strict", WITHOUT_EFFECT,
          "check_finite", WITHOUT_EFFECT,
          "check_on_train_epoch_end", WITHOUT_EFFECT,
          "log_rank_zero_only", WITHOUT_EFFECT);

  /** What an evaluation gives. */
  public enum Metric {
    LOSS,
    PERPLEXITY,
    BITS_PER_BYTE
  }

  /** Which values are better. */
  public enum Mode {
    MIN,
    MAX
  }

  public EarlyStopConfig {
    requirePositive("patience", patience);
    if (!(minDelta >= 0 && minDelta < Double.POSITIVE_INFINITY)) {
      throw new InvalidValue("min_delta", "must be 0 or greater, found " + minDelta);
    }
  }

  /** For {@code loop.patience}: the mean loss must fall. */
  static EarlyStopConfig onLoss(long patience) {
    return new EarlyStopConfig("", Metric.LOSS, 0, patience, Mode.MIN);
  }

  /** Whether a value is better than the best before; what is no number never is. */
  public boolean isBetter(double value, @Nullable Double best) {
    if (Double.isNaN(value) || best == null) {
      return !Double.isNaN(value);
    }
    return switch (mode) {
      case MIN -> value < best - minDelta;
      case MAX -> value > best + minDelta;
    };
  }

  static EarlyStopConfig read(ConfigMap block, List<String> notes) {
    Blocks.leaveOut(block, LEFT_OUT, notes);
    String monitor = block.string("monitor", "loss");
    int slash = monitor.lastIndexOf('/');
    String dataset = slash < 0 ? "" : monitor.substring(0, slash);
    String metric = monitor.substring(slash + 1).replaceFirst("^(val|eval)_", "");
    EarlyStopConfig config =
        Blocks.build(
            block,
            () ->
                new EarlyStopConfig(
                    List.of("val", "eval").contains(dataset) ? "" : dataset,
                    choice(block, "monitor", metric, Metric.values()),
                    block.number("min_delta", 0),
                    block.integer("patience", 3),
                    choice(block, "mode", block.string("mode", "min"), Mode.values())));
    block.rejectUnknown();
    return config;
  }

  private static <E extends Enum<E>> E choice(
      ConfigMap block, String key, String name, E[] constants) {
    for (E constant : constants) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(name)) {
        return constant;
      }
    }
    throw block
        .require(key)
        .error(
            "allowed: "
                + String.join(", ", Arrays.stream(constants).map(EarlyStopConfig::key).toList())
                + ", found '"
                + block.string(key)
                + "'");
  }

  /**
   * Checks that the validation set is there.
   *
   * @param place for the message
   */
  void check(Set<String> datasets, ConfigNode place) throws ConfigException {
    if (datasets.isEmpty()) {
      throw place.error(
          "early stopping watches the validation, and val_dataloader is an empty list");
    }
    if (!dataset.isEmpty() && !datasets.contains(dataset)) {
      throw place.error(
          "early stopping watches the set '"
              + dataset
              + "'; "
              + (datasets.equals(Set.of(""))
                  ? "the only set has no name"
                  : "there are " + datasets));
    }
  }

  Map<String, Object> toConfig() {
    var block = new LinkedHashMap<String, Object>();
    block.put("monitor", dataset.isEmpty() ? key(metric) : dataset + "/" + key(metric));
    block.put("min_delta", minDelta);
    block.put("patience", patience);
    block.put("mode", key(mode));
    return block;
  }

  private static String key(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
