package dev.filigree.zoo.data;

import java.io.IOException;

/**
 * Opens the data that a block of configuration describes. {@link DataSources#register} makes one
 * known.
 *
 * @param <O> its options, a record
 */
@FunctionalInterface
public interface DataProcessor<O> {
  /**
   * Opens the data.
   *
   * @param options its own keys of the block
   * @param config all other keys of the block
   * @throws DataException when they are missing, damaged or too small
   */
  Dataset open(O options, DataConfig config) throws IOException;
}
