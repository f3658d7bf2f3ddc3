package dev.filigree.zoo.data;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A block {@code train_dataloader} or {@code val_dataloader}, with the Model Zoo's keys and ours.
 *
 * @param processor which kind of data: a name that {@link DataSources} knows
 * @param dataDirs where: {@code jdk}, folders, files
 * @param split which part of the documents
 * @param validationFraction of the documents that validate, in [0, 1)
 * @param tokenizer {@code bytes}, {@code gpt2} or the path of a tokenizer.json
 * @param glob which files of a folder or archive; null for all
 * @param textKey key of the text in JSON lines
 * @param maxSequenceLength tokens that a model sees at once; null for what the files hold
 * @param batchSize samples in a batch
 * @param microBatchSize samples that go through the model at once; null for the whole batch
 * @param cacheDir where tokens are kept; null for the default
 */
public record DataConfig(
    String processor,
    List<String> dataDirs,
    Split split,
    double validationFraction,
    String tokenizer,
    @Nullable String glob,
    String textKey,
    @Nullable Integer maxSequenceLength,
    int batchSize,
    @Nullable Integer microBatchSize,
    boolean shuffle,
    long shuffleSeed,
    @Nullable Path cacheDir) {

  public DataConfig {
    dataDirs = List.copyOf(dataDirs);
    check(!dataDirs.isEmpty(), "data_dir", "at least one place", "none");
    check(
        validationFraction >= 0 && validationFraction < 1,
        "validation_fraction",
        "a fraction in [0, 1)",
        validationFraction);
    check(batchSize >= 1, "batch_size", "at least 1", batchSize);
    check(
        maxSequenceLength == null || maxSequenceLength >= 1,
        "max_sequence_length",
        "at least 1",
        maxSequenceLength);
    check(
        microBatchSize == null || (microBatchSize >= 1 && batchSize % microBatchSize == 0),
        "micro_batch_size",
        "a divisor of batch_size " + batchSize,
        microBatchSize);
  }

  /** The JDK's own sources by bytes: what is used where nothing is configured. */
  public static DataConfig defaults(Split split) {
    return new DataConfig(
        DataSources.TEXT,
        List.of(DocumentSources.JDK),
        split,
        0.03,
        "bytes",
        null,
        "text",
        256,
        16,
        null,
        split == Split.TRAIN,
        0,
        null);
  }

  /**
   * Reads a block; what it does not say is taken from {@code defaults}.
   *
   * @param notes takes a line for each key that is accepted without effect
   * @throws ConfigException for an unknown key or a bad value, with its place
   */
  public static DataConfig read(ConfigMap block, DataConfig defaults, List<String> notes) {
    for (String key : List.of("num_workers", "prefetch_factor", "persistent_workers")) {
      block
          .get(key)
          .ifPresent(
              node ->
                  notes.add(
                      node.location()
                          + ": without effect: batches come from mapped memory, without workers"));
    }
    try {
      var config =
          new DataConfig(
              block.string("data_processor", defaults.processor),
              block
                  .get("data_dir")
                  .map(node -> node.asList().items().stream().map(ConfigNode::asString).toList())
                  .orElse(defaults.dataDirs),
              block.get("split").map(DataConfig::split).orElse(defaults.split),
              block.number("validation_fraction", defaults.validationFraction),
              block.string("tokenizer", defaults.tokenizer),
              block.get("glob").map(ConfigNode::asString).orElse(defaults.glob),
              block.string("text_key", defaults.textKey),
              integer(block, "max_sequence_length", defaults.maxSequenceLength),
              Math.toIntExact(block.integer("batch_size", defaults.batchSize)),
              microBatchSize(block, defaults, notes),
              block.flag("shuffle", defaults.shuffle),
              block.integer("shuffle_seed", defaults.shuffleSeed),
              block
                  .get("cache_dir")
                  .map(node -> Path.of(node.asString()))
                  .orElse(defaults.cacheDir));
      block.rejectUnknown();
      DataSources.checkProcessor(config.processor);
      return config;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw block.error(String.valueOf(e.getMessage()));
    }
  }

  private static Split split(ConfigNode node) {
    try {
      return Split.valueOf(node.asString().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw node.error("expected train, validation or all, found " + node.asString());
    }
  }

  private static @Nullable Integer integer(
      ConfigMap block, String key, @Nullable Integer fallback) {
    return block.get(key).map(node -> Math.toIntExact(node.asLong())).orElse(fallback);
  }

  private static @Nullable Integer microBatchSize(
      ConfigMap block, DataConfig defaults, List<String> notes) {
    var node = block.get("micro_batch_size");
    if (node.isPresent() && node.get().toJava() instanceof String) {
      notes.add(node.get().location() + ": without effect: the whole batch is taken at once");
      return null;
    }
    return integer(block, "micro_batch_size", defaults.microBatchSize);
  }

  private static void check(boolean holds, String key, String expected, @Nullable Object found) {
    if (!holds) {
      throw new IllegalArgumentException(key + ": expected " + expected + ", found " + found);
    }
  }
}
