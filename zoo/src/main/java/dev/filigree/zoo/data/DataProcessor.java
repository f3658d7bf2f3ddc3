package dev.filigree.zoo.data;

import java.io.IOException;

/** Opens the data that a block of configuration describes. Register it in {@link DataSources}. */
@FunctionalInterface
public interface DataProcessor {
  /**
   * Opens the data.
   *
   * @throws DataException when they are missing, damaged or too small
   */
  Dataset open(DataConfig config) throws IOException;
}
