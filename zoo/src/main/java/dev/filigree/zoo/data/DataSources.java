package dev.filigree.zoo.data;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** The kinds of data by the name that {@code data_processor} gives. A new kind is one line here. */
public final class DataSources {
  /** Documents of text. */
  public static final String TEXT = "TextDataProcessor";

  private static final Map<String, DataProcessor> PROCESSORS = new TreeMap<>();

  static {
    PROCESSORS.put(TEXT, TextData::open);
    PROCESSORS.put("GptHDF5MapDataProcessor", Hdf5Dataset::open);
    PROCESSORS.put("GptHDF5DataProcessor", Hdf5Dataset::open); // the same files, read as a stream
    PROCESSORS.put("MnistDataProcessor", Pictures::mnist);
    PROCESSORS.put("Cifar10DataProcessor", Pictures::cifar10);
  }

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
    checkProcessor(config.processor());
    DataProcessor processor = PROCESSORS.get(config.processor());
    if (processor == null) {
      throw new AssertionError("checked above");
    }
    return processor.open(config);
  }

  static void checkProcessor(String name) {
    if (!PROCESSORS.containsKey(name)) {
      throw new IllegalArgumentException(
          "data_processor: unknown '"
              + name
              + "'; allowed: "
              + String.join(", ", PROCESSORS.keySet()));
    }
  }
}
