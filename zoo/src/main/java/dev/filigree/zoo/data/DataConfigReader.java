package dev.filigree.zoo.data;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a block {@code train_dataloader} or {@code val_dataloader}. */
final class DataConfigReader {
  private DataConfigReader() {}

  static DataConfig read(ConfigMap block, DataConfig defaults, List<String> notes) {
    for (String key : List.of("num_workers", "prefetch_factor", "persistent_workers")) {
      block.note(key, "without effect: batches come from mapped memory, without workers", notes);
    }
    block.note("vocab_size", "without effect: the model has its own", notes);
    block.note("to_float16", "without effect: precision says what is computed in", notes);
    block.note(
        "drop_last_batch",
        "without effect: training goes on into the next epoch, evaluation takes every sample once",
        notes);
    String processor = processor(block, defaults);
    requireText(block, processor);
    noteWithoutEffect(block, processor, defaults.evaluation(), notes);
    boolean sameKind = processor.equals(defaults.processor());
    Record options = DataSources.options(processor, block, defaults.options());
    List<String> dataDirs =
        sameKind && block.get("data_dir").isEmpty()
            ? defaults.dataDirs()
            : places(block, DataConfig.isOwn(options));
    // A folder of its own is for evaluation as a whole: nothing of it is trained on.
    Split split =
        defaults.evaluation()
                && !dataDirs.equals(defaults.dataDirs())
                && processor.equals(DataSources.TEXT)
            ? Split.ALL
            : defaults.split();
    try {
      var config =
          new DataConfig(
              processor,
              dataDirs,
              block.get("split").map(DataConfigReader::split).orElse(split),
              block.number("validation_fraction", defaults.validationFraction()),
              tokenizer(block, processor, dataDirs, defaults),
              block.get("glob").map(ConfigNode::asString).orElse(defaults.glob()),
              block.string("text_key", defaults.textKey()),
              // Files of other kinds know the length of their sequences.
              integer(block, "max_sequence_length", sameKind ? defaults.maxSequenceLength() : null),
              Math.toIntExact(block.integer("batch_size", defaults.batchSize())),
              microBatchSize(block, defaults, notes),
              block.flag("shuffle", defaults.shuffle()),
              block.integer("shuffle_seed", defaults.shuffleSeed()),
              block.get("cache_dir").map(ConfigNode::asPath).orElse(defaults.cacheDir()),
              defaults.evaluation(),
              options);
      block.rejectUnknown();
      return config;
    } catch (IllegalArgumentException | ArithmeticException e) {
      String message = String.valueOf(e.getMessage());
      String key = message.substring(0, Math.max(0, message.indexOf(':')));
      throw block.get(key).orElse(block).error(message);
    }
  }

  private static String processor(ConfigMap block, DataConfig defaults) {
    try {
      return DataSources.name(block.string("data_processor", defaults.processor()));
    } catch (IllegalArgumentException e) {
      throw block.require("data_processor").error(String.valueOf(e.getMessage()));
    }
  }

  /** Notes the keys that this kind of data, or an evaluation, does not use. */
  private static void noteWithoutEffect(
      ConfigMap block, String processor, boolean evaluation, List<String> notes) {
    for (String key : DataSources.keysWithoutEffect(processor)) {
      block.note(key, "without effect: " + processor + " has no such", notes);
    }
    if (evaluation) {
      block
          .get("micro_batch_size")
          .filter(node -> !(node.toJava() instanceof String))
          .ifPresent(node -> notes.add(node.note("without effect: evaluation takes batch_size")));
      if (block.flag("shuffle", false)) {
        block.note("shuffle", "without effect: evaluation reads in one order always", notes);
      }
    }
  }

  /** Throws where the JDK's sources are to be read as files of another kind. */
  private static void requireText(ConfigMap block, String processor) {
    if (!processor.equals(DataSources.TEXT)) {
      block
          .get("data_dir")
          .filter(node -> DocumentSources.JDK.equals(node.toJava()))
          .ifPresent(
              node -> {
                throw node.error("jdk is text: give data_processor=" + DataSources.TEXT);
              });
    }
  }

  /** What the block says, else what the data say of themselves, else what others use. */
  private static @Nullable String tokenizer(
      ConfigMap block, String processor, List<String> dataDirs, DataConfig defaults) {
    boolean sameKind = processor.equals(defaults.processor());
    String other = processor.equals(DataSources.TEXT) ? "bytes" : null;
    String given = block.get("tokenizer").map(ConfigNode::asString).orElse(null);
    // A network is evaluated on the tokens that it was trained on.
    String trained = defaults.evaluation() && sameKind ? defaults.tokenizer() : null;
    ConfigNode place = block.get("tokenizer").or(() -> block.get("data_dir")).orElse(block);
    try {
      if (!dataDirs.stream().allMatch(DataConfig::isPath)
          || (given != null && !DataConfig.isPath(given))) {
        return given; // refused when it is checked
      }
      if (given != null && trained != null && !given.equals(trained)) {
        requireSame(given, trained);
      }
      String wanted = given != null ? given : trained;
      return PreparedTokens.tokenizer(processor, dataDirs, wanted)
          .orElse(wanted != null ? wanted : sameKind ? defaults.tokenizer() : other);
    } catch (DataException e) {
      throw place.error(String.valueOf(e.getMessage()));
    }
  }

  private static void requireSame(String given, String trained) {
    if (!Tokenizers.of(given).identity().equals(Tokenizers.of(trained).identity())) {
      throw new DataException(
          "the tokenizer %s is not that of the training data, %s".formatted(given, trained));
    }
  }

  private static List<String> places(ConfigMap block, boolean optional) {
    if (optional && block.get("data_dir").isEmpty()) {
      return List.of();
    }
    return block.require("data_dir").asList().items().stream().map(ConfigNode::asString).toList();
  }

  private static Split split(ConfigNode node) {
    boolean modelZoo = node.toJava() instanceof String name && name.equalsIgnoreCase("val");
    return modelZoo ? Split.VALIDATION : node.asEnum(Split.class);
  }

  private static @Nullable Integer integer(
      ConfigMap block, String key, @Nullable Integer fallback) {
    return block.get(key).map(node -> Math.toIntExact(node.asLong())).orElse(fallback);
  }

  private static @Nullable Integer microBatchSize(
      ConfigMap block, DataConfig defaults, List<String> notes) {
    var node = block.get("micro_batch_size");
    if (node.isPresent() && node.get().toJava() instanceof String) {
      notes.add(node.get().note("without effect: the whole batch is taken at once"));
      return null;
    }
    Integer fallback = defaults.microBatchSize();
    boolean fits =
        fallback != null && block.integer("batch_size", defaults.batchSize()) % fallback == 0;
    return integer(block, "micro_batch_size", fits ? fallback : null);
  }
}
