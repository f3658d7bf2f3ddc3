package dev.filigree.zoo.data;

/**
 * A place in the data.
 *
 * @param epoch how often the data was gone through before
 * @param index which sample of the data set, in [0, size)
 */
public record Position(long epoch, long index) {
  /**
   * @throws IllegalArgumentException for a negative number
   */
  public Position {
    if (epoch < 0 || index < 0) {
      throw new IllegalArgumentException("negative position: epoch " + epoch + ", index " + index);
    }
  }
}
