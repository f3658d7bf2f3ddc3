package dev.filigree.zoo.data;

import java.util.Locale;

/**
 * Which part of the documents. A document's part depends on its name alone, so it stays the same
 * when others come and go.
 */
public enum Split {
  /** What is trained on. */
  TRAIN,
  /** What is held out. */
  VALIDATION,
  /** Both together. */
  ALL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The documents of this part, by their index, in their order.
   *
   * <p>A corpus of few documents may have none whose hash falls below the fraction; then the one
   * with the lowest hash is the validation part, so that there is one.
   *
   * @param fraction of the documents that validate, in [0, 1)
   */
  int[] select(DocumentTable table, double fraction) {
    int count = table.size();
    if (this == ALL) {
      return java.util.stream.IntStream.range(0, count).toArray();
    }
    long lowest = 0;
    boolean any = false;
    for (int i = 0; i < count; i++) {
      any |= unit(table.hashes()[i]) < fraction;
      if (i == 0 || Long.compareUnsigned(table.hashes()[i], lowest) < 0) {
        lowest = table.hashes()[i];
      }
    }
    boolean takeLowest = !any && fraction > 0;
    long chosen = lowest;
    return java.util.stream.IntStream.range(0, count)
        .filter(
            i -> {
              long hash = table.hashes()[i];
              boolean validates = takeLowest ? hash == chosen : unit(hash) < fraction;
              return validates == (this == VALIDATION);
            })
        .toArray();
  }

  private static double unit(long hash) {
    return (hash >>> 11) * 0x1p-53;
  }
}
