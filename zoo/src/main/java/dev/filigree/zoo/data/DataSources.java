package dev.filigree.zoo.data;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import dev.filigree.optim.Replica;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The kinds of data by the name that {@code data_processor} gives. */
public final class DataSources {
  /** Documents of text. */
  public static final String TEXT = "TextDataProcessor";

  private static final Registry<Kind<?>> KINDS = new Registry<>("data_processor");

  static {
    register(TEXT, TextData::open, Parts.DOCUMENTS);
    register("GptHDF5MapDataProcessor", Hdf5Dataset::open, Parts.NONE);
    // the same files, read as a stream
    register("GptHDF5DataProcessor", Hdf5Dataset::open, Parts.NONE);
    register("MnistDataProcessor", Pictures::mnist, Parts.FILES);
    register("Cifar10DataProcessor", Pictures::cifar10, Parts.FILES);
  }

  /** How data come apart into what trains and what validates. */
  enum Parts {
    /** Not at all: what validates needs files of its own. */
    NONE,
    /** They are published as files for training and files for testing. */
    FILES,
    /** By the names of the documents, see {@link Split}. */
    DOCUMENTS,
    /** As their own options say: what validates needs a block of its own. */
    OPTIONS
  }

  /** The options of data that have none of their own. */
  record NoOptions() {}

  @FunctionalInterface
  private interface Opener {
    Dataset open(DataConfig config) throws IOException;
  }

  private record Kind<O extends Record>(DataProcessor<O> processor, Parts parts, O defaults) {
    Dataset open(DataConfig config) throws IOException {
      @SuppressWarnings("unchecked") // of the class of the defaults, or the cast fails here
      O options = (O) defaults.getClass().cast(config.options());
      return processor.open(options, config);
    }
  }

  private DataSources() {}

  /**
   * Makes data of your own known by a name: the {@code data_processor} of a block. They need no
   * {@code data_dir}; what validates is a block of its own, whose options are those of the training
   * data where it does not say otherwise.
   *
   * @param name of any case
   * @param defaults of its options, a record: its components are keys of the block beside {@code
   *     batch_size} and the others, and what keys that are not there stand for
   * @throws IllegalArgumentException when the name is taken, or an option has the name of a key
   *     that every block has
   */
  public static <O extends Record> void register(
      String name, O defaults, DataProcessor<O> processor) {
    Set<String> taken = DataConfig.keys();
    Arrays.stream(defaults.getClass().getRecordComponents())
        .map(Records::key)
        .filter(taken::contains)
        .findFirst()
        .ifPresent(
            key -> {
              throw new IllegalArgumentException(
                  "data_processor '%s': an option cannot be called '%s', which every block has"
                      .formatted(name, key));
            });
    KINDS.register(name, new Kind<>(processor, Parts.OPTIONS, defaults));
  }

  private static void register(String name, Opener opener, Parts parts) {
    KINDS.register(
        name, new Kind<>((options, config) -> opener.open(config), parts, new NoOptions()));
  }

  /**
   * The loader that a block describes.
   *
   * @throws DataException when the data are missing, damaged or too small
   */
  public static DataLoader loader(DataConfig config) throws IOException {
    return loader(config, Replica.alone());
  }

  /**
   * The same for one of several replicas, see {@link DataLoader}.
   *
   * @throws DataException when the data are missing, damaged or too small
   */
  public static DataLoader loader(DataConfig config, Replica replica) throws IOException {
    return new DataLoader(
        open(config), config.batchSize(), config.shuffle(), config.shuffleSeed(), replica);
  }

  /** The data that a block describes. */
  public static Dataset open(DataConfig config) throws IOException {
    return KINDS.get(config.processor()).open(config);
  }

  static Parts parts(String processor) {
    return KINDS.get(processor).parts;
  }

  /**
   * The options that a block gives its data.
   *
   * @param others those of another block, for what this one does not say
   */
  static Record options(String processor, ConfigMap block, Record others) {
    Record defaults = KINDS.get(processor).defaults;
    return Records.read(block, others.getClass() == defaults.getClass() ? others : defaults);
  }

  /** Keys of a block that a processor does not use. */
  static List<String> keysWithoutEffect(String processor) {
    return switch (parts(processor)) {
      case NONE -> List.of("split", "validation_fraction", "glob", "text_key");
      case FILES ->
          List.of("validation_fraction", "tokenizer", "glob", "text_key", "max_sequence_length");
      case DOCUMENTS -> List.of();
      case OPTIONS -> List.of("split", "validation_fraction", "tokenizer", "glob", "text_key");
    };
  }

  /**
   * The name of a processor as it is registered; files of the Model Zoo write MNIST both ways.
   *
   * @throws IllegalArgumentException for an unknown one
   */
  static String name(String processor) {
    return KINDS.nameOf(processor);
  }
}
