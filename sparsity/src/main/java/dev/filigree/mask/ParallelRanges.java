package dev.filigree.mask;

import java.util.stream.IntStream;

/** Runs over ranges of elements on the CPU's threads. */
final class ParallelRanges {
  /** Below this many elements a second thread does not pay. */
  private static final long WORTH_A_THREAD = 1 << 14;

  private static final long MOST = 1L << 30;

  private ParallelRanges() {}

  /** One range of elements. */
  @FunctionalInterface
  interface Body {
    void run(long from, long count);
  }

  /** One range of elements and its number. */
  @FunctionalInterface
  interface NumberedBody {
    void run(int range, long from, long count);
  }

  static int threads() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** Covers {@code 0..size-1} with one range a thread. */
  static void forEach(long size, Body body) {
    forEach(size, ranges(size, threads()), (range, from, count) -> body.run(from, count));
  }

  /**
   * How many ranges to cut elements into for a number of threads; more than threads where only that
   * makes the elements of each range countable in an int.
   */
  static int ranges(long size, int threads) {
    int least = Math.toIntExact(Math.ceilDiv(size, MOST));
    return Math.max(least, Math.clamp(size / WORTH_A_THREAD, 1, threads));
  }

  /** Covers {@code 0..size-1} with so many ranges, in parallel. */
  static void forEach(long size, int ranges, NumberedBody body) {
    if (ranges == 1) {
      body.run(0, 0, size);
      return;
    }
    IntStream.range(0, ranges)
        .parallel()
        .forEach(
            range -> {
              long from = size / ranges * range + Math.min(range, size % ranges);
              long count = size / ranges + (range < size % ranges ? 1 : 0);
              body.run(range, from, count);
            });
  }
}
