package dev.filigree.zoo.config;

import static dev.filigree.config.InvalidValue.requirePositive;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.InvalidValue;
import dev.filigree.config.Records;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When a run ends before its last step: {@code loop.early_stopping}, or the callback EarlyStopping.
 *
 * @param monitor what is watched: a {@link Metric}'s key, after the name of a validation set and a
 *     slash where it is not the mean over all
 * @param minDelta a change counts as better only when it is larger than this
 * @param patience evaluations in a row without a better value that end the run
 * @param mode whether lower or higher is better
 */
public record EarlyStopConfig(String monitor, double minDelta, long patience, Mode mode) {
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
    /** Mean negative log-likelihood, nats. */
    LOSS,
    /** exp of the loss. */
    PERPLEXITY,
    /** The loss over the bytes of the text, in bits. */
    BITS_PER_BYTE
  }

  /** Which values are better. */
  public enum Mode {
    /** Less is better. */
    MIN,
    /** More is better. */
    MAX
  }

  /**
   * @throws dev.filigree.config.InvalidValue for a patience that is not above 0, or a difference
   *     that is negative or not finite
   */
  public EarlyStopConfig {
    monitor = normal(monitor);
    requirePositive("patience", patience);
    if (!(minDelta >= 0 && minDelta < Double.POSITIVE_INFINITY)) {
      throw new InvalidValue("min_delta", "must be 0 or greater, found " + minDelta);
    }
  }

  /** For {@code loop.patience}: the mean loss must fall. */
  static EarlyStopConfig onLoss(long patience) {
    return new EarlyStopConfig("loss", 0, patience, Mode.MIN);
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
    ConfigBlocks.leaveOut(block, LEFT_OUT, notes);
    EarlyStopConfig config = Records.read(block, onLoss(3));
    block.rejectUnknown();
    return config;
  }

  /** Without the beginnings that other libraries give the names of losses. */
  private static String normal(String monitor) {
    int slash = monitor.lastIndexOf('/');
    String dataset = slash < 0 ? "" : monitor.substring(0, slash);
    String metric = monitor.substring(slash + 1).replaceFirst("^(val|eval)_", "");
    List<String> allowed = Arrays.stream(Metric.values()).map(EarlyStopConfig::key).toList();
    if (!allowed.contains(metric)) {
      throw new InvalidValue(
          "monitor", "allowed: " + String.join(", ", allowed) + ", found '" + monitor + "'");
    }
    return List.of("", "val", "eval").contains(dataset) ? metric : dataset + "/" + metric;
  }

  /** The validation set that is watched; empty for the mean over all. */
  public String dataset() {
    return monitor.substring(0, Math.max(0, monitor.lastIndexOf('/')));
  }

  /** Which of the numbers of an evaluation is watched. */
  public Metric metric() {
    String metric = monitor.substring(monitor.lastIndexOf('/') + 1);
    return Metric.valueOf(metric.toUpperCase(Locale.ROOT));
  }

  /**
   * Checks that there are evaluations to watch.
   *
   * @param place for the message
   */
  void check(Set<String> datasets, long evalFrequency, ConfigNode place) throws ConfigException {
    if (evalFrequency == 0 || datasets.isEmpty()) {
      throw place.error(
          "early stopping watches evaluations, and there are none: "
              + (evalFrequency == 0 ? "eval_frequency is 0" : "the run has no val_dataloader"));
    }
    String dataset = dataset();
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

  private static String key(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
