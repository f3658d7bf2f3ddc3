package dev.filigree.zoo.data;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The kinds of data by the name that {@code data_processor} gives. A new kind is one line here. */
public final class DataSources {
  /** Documents of text. */
  public static final String TEXT = "TextDataProcessor";

  private static final Map<String, Kind> PROCESSORS = new TreeMap<>();

  static {
    PROCESSORS.put(TEXT, new Kind(TextData::open, Parts.DOCUMENTS));
    PROCESSORS.put("GptHDF5MapDataProcessor", new Kind(Hdf5Dataset::open, Parts.NONE));
    // the same files, read as a stream
    PROCESSORS.put("GptHDF5DataProcessor", new Kind(Hdf5Dataset::open, Parts.NONE));
    PROCESSORS.put("MnistDataProcessor", new Kind(Pictures::mnist, Parts.FILES));
    PROCESSORS.put("Cifar10DataProcessor", new Kind(Pictures::cifar10, Parts.FILES));
  }

  /** How data come apart into what trains and what validates. */
  enum Parts {
    /** Not at all: what validates needs files of its own. */
    NONE,
    /** They are published as files for training and files for testing. */
    FILES,
    /** By the names of the documents, see {@link Split}. */
    DOCUMENTS
  }

  private record Kind(DataProcessor processor, Parts parts) {}

  private DataSources() {}

  /**
   * The loader that a block describes.
   *
   * @throws DataException when the data are missing, damaged or too small
   */
  public static DataLoader loader(DataConfig config) throws IOException {
    return new DataLoader(open(config), config.batchSize(), config.shuffle(), config.shuffleSeed());
  }

  /** The data that a block describes. */
  public static Dataset open(DataConfig config) throws IOException {
    return kind(config.processor()).processor.open(config);
  }

  static Parts parts(String processor) {
    return kind(processor).parts;
  }

  /** Keys of a block that a processor does not look at. */
  static List<String> keysWithoutEffect(String processor) {
    return switch (parts(processor)) {
      case NONE -> List.of("split", "validation_fraction", "glob", "text_key");
      case FILES ->
          List.of("validation_fraction", "tokenizer", "glob", "text_key", "max_sequence_length");
      case DOCUMENTS -> List.of();
    };
  }

  private static Kind kind(String processor) {
    return Objects.requireNonNull(PROCESSORS.get(name(processor)));
  }

  /**
   * The name of a processor as it is registered; files of the Model Zoo write MNIST both ways.
   *
   * @throws IllegalArgumentException for an unknown one
   */
  static String name(String processor) {
    return PROCESSORS.keySet().stream()
        .filter(processor::equalsIgnoreCase)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown data processor '"
                        + processor
                        + "'; allowed: "
                        + String.join(", ", PROCESSORS.keySet())));
  }
}
