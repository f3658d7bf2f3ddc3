package dev.filigree.cuda;

/**
 * How many threads run a kernel.
 *
 * @param x blocks in the first dimension, at least 1
 * @param y blocks in the second dimension, 1 to 65535
 * @param threads of a block, 1 to 1024
 * @param sharedBytes dynamic shared memory of a block
 */
public record Grid(int x, int y, int threads, int sharedBytes) {
  private static final int MOST_Y = 65_535;
  private static final int MOST_THREADS = 1024;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException for one that no card has
   */
  public Grid {
    if (x < 1 || y < 1 || y > MOST_Y || threads < 1 || threads > MOST_THREADS || sharedBytes < 0) {
      throw new IllegalArgumentException(
          "a grid has at least 1 block, at most 65535 in y, 1 to 1024 threads a block; found "
              + "%d x %d blocks of %d threads with %d bytes".formatted(x, y, threads, sharedBytes));
    }
  }

  /** Blocks in one dimension, without dynamic shared memory. */
  public static Grid of(int blocks, int threads) {
    return new Grid(blocks, 1, threads, 0);
  }

  /**
   * As many blocks as give each of so many elements a thread, at least one.
   *
   * @throws ArithmeticException for more blocks than an int counts
   */
  public static Grid covering(long elements, int threads) {
    return of(Math.toIntExact(Math.max(1, Math.ceilDiv(elements, threads))), threads);
  }

  /** The same with dynamic shared memory. */
  public Grid withShared(int bytes) {
    return new Grid(x, y, threads, bytes);
  }
}
