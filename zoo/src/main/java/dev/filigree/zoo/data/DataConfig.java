package dev.filigree.zoo.data;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.Key;
import dev.filigree.config.Records;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A block {@code train_dataloader} or {@code val_dataloader}, with the Model Zoo's keys and ours.
 *
 * @param processor which kind of data: a name that {@link DataSources} knows
 * @param dataDirs where: {@code jdk}, folders, files
 * @param split which part of the documents
 * @param validationFraction of the documents that validate, in [0, 1)
 * @param tokenizer {@code bytes}, {@code gpt2} or the path of a tokenizer.json; null where it is
 *     not known: for token files of others, and pictures
 * @param glob which files of a folder or archive; null for all
 * @param textKey key of the text in JSON lines
 * @param maxSequenceLength tokens that a model sees at once; null for what the files hold
 * @param batchSize samples in a batch
 * @param microBatchSize samples that go through the model at once; null for the whole batch
 * @param shuffle whether samples come in an order of the seed
 * @param cacheDir where tokens are kept; null for the default
 * @param evaluation whether this is for evaluation: every token once, the last sequence padded
 * @param options the keys that this kind of data alone has, a record
 */
public record DataConfig(
    @Key("data_processor") String processor,
    @Key("data_dir") List<String> dataDirs,
    Split split,
    double validationFraction,
    @Nullable String tokenizer,
    @Nullable String glob,
    String textKey,
    @Nullable Integer maxSequenceLength,
    int batchSize,
    @Nullable Integer microBatchSize,
    boolean shuffle,
    long shuffleSeed,
    @Nullable Path cacheDir,
    boolean evaluation,
    Record options) {
  /** Keys that are read, and have no effect here. */
  private static final Set<String> OTHER_KEYS =
      Set.of(
          "num_workers",
          "prefetch_factor",
          "persistent_workers",
          "vocab_size",
          "to_float16",
          "drop_last_batch");

  /**
   * @throws IllegalArgumentException for a value that is not allowed, naming its key
   */
  public DataConfig {
    dataDirs = List.copyOf(dataDirs);
    check(!dataDirs.isEmpty() || isOwn(options), "data_dir", "at least one place", "none");
    check(dataDirs.stream().allMatch(DataConfig::isPath), "data_dir", "paths", dataDirs);
    check(tokenizer == null || isPath(tokenizer), "tokenizer", "a name or a path", tokenizer);
    check(glob == null || isGlob(glob), "glob", "a pattern such as **.txt", glob);
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

  /** The JDK's own sources by bytes: what training uses where nothing is configured. */
  public static DataConfig defaults() {
    return new DataConfig(
        DataSources.TEXT,
        List.of(DocumentSources.JDK),
        Split.TRAIN,
        0.03,
        "bytes",
        null,
        "text",
        128,
        12,
        null,
        true,
        0,
        null,
        false,
        new DataSources.NoOptions());
  }

  /**
   * What validates where nothing is configured: the part of the same data that is not trained on;
   * empty where there is none.
   */
  public Optional<DataConfig> heldOut() {
    boolean part =
        switch (DataSources.parts(processor)) {
          case NONE, OPTIONS -> false;
          case FILES -> split == Split.TRAIN;
          case DOCUMENTS -> split == Split.TRAIN && validationFraction > 0;
        };
    return part ? Optional.of(forEvaluation()) : Optional.empty();
  }

  /**
   * Whether it is plain from the configuration that samples of another block are samples of this
   * one too.
   */
  public boolean overlaps(DataConfig other) {
    DataSources.Parts parts = DataSources.parts(processor);
    if (parts != DataSources.parts(other.processor) || !Objects.equals(glob, other.glob)) {
      return false;
    }
    return switch (parts) {
      case NONE -> sharesPlace(other);
      case OPTIONS ->
          processor.equals(other.processor)
              && options.equals(other.options)
              && (dataDirs.equals(other.dataDirs) || sharesPlace(other));
      case FILES ->
          sharesPlace(other) && (split == Split.VALIDATION) == (other.split == Split.VALIDATION);
      case DOCUMENTS -> (sharesPlace(other) && !areApart(other)) || nests(other);
    };
  }

  /** Where the data are, in words. */
  public String where() {
    String places = String.join(", ", dataDirs);
    return isOwn(options)
        ? (processor + " " + Records.write(options) + " " + places).strip()
        : places;
  }

  /** Keys of the block that this kind of data does not use. */
  public List<String> keysWithoutEffect() {
    return DataSources.keysWithoutEffect(processor);
  }

  /** Documents are split by their names: two parts of one fraction have none in common. */
  private boolean areApart(DataConfig other) {
    return split != Split.ALL
        && other.split != Split.ALL
        && split != other.split
        && validationFraction == other.validationFraction;
  }

  private boolean sharesPlace(DataConfig other) {
    return dataDirs.stream()
        .anyMatch(dir -> other.dataDirs.stream().anyMatch(each -> place(dir).equals(place(each))));
  }

  /** Whether a folder of one block lies in one of the other: its files are read by both. */
  private boolean nests(DataConfig other) {
    return (glob == null || glob.startsWith("**"))
        && folders().anyMatch(dir -> other.folders().anyMatch(each -> nest(dir, each)));
  }

  private Stream<Path> folders() {
    return dataDirs.stream().filter(dir -> !dir.equals(DocumentSources.JDK)).map(DataConfig::place);
  }

  private static boolean nest(Path one, Path other) {
    return !one.equals(other) && (one.startsWith(other) || other.startsWith(one));
  }

  private static Path place(String dir) {
    return Path.of(dir).toAbsolutePath().normalize();
  }

  /** The validation part of the same data, in a fixed order: defaults of a val_dataloader. */
  public DataConfig forEvaluation() {
    return new DataConfig(
        processor,
        dataDirs,
        Split.VALIDATION,
        validationFraction,
        tokenizer,
        glob,
        textKey,
        maxSequenceLength,
        batchSize,
        null,
        false,
        shuffleSeed,
        cacheDir,
        true,
        options);
  }

  /**
   * Reads a block; what it does not say is taken from {@code defaults}.
   *
   * @param notes takes a line for each key that is accepted without effect
   * @throws ConfigException for an unknown key or a bad value, with its place
   */
  public static DataConfig read(ConfigMap block, DataConfig defaults, List<String> notes) {
    return DataConfigReader.read(block, defaults, notes);
  }

  static boolean isOwn(Record options) {
    return !(options instanceof DataSources.NoOptions);
  }

  /** The keys that every block may have. */
  static Set<String> keys() {
    return Stream.concat(
            Arrays.stream(DataConfig.class.getRecordComponents()).map(Records::key),
            OTHER_KEYS.stream())
        .collect(Collectors.toSet());
  }

  static boolean isPath(String text) {
    return text.indexOf('\0') < 0;
  }

  private static boolean isGlob(String text) {
    try {
      FileSystems.getDefault().getPathMatcher("glob:" + text);
      return true;
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  private static void check(boolean holds, String key, String expected, @Nullable Object found) {
    if (!holds) {
      throw new IllegalArgumentException(key + ": expected " + expected + ", found " + found);
    }
  }
}
