package dev.filigree.kernels;

import java.util.Arrays;

/**
 * The n largest magnitudes of a stream of numbers, in memory for 2n + 1024 of them.
 *
 * <p>A candidate is one long: the bits of its magnitude, which order like the magnitude, above its
 * inverted position, so that of equal magnitudes the lower position is the larger candidate.
 */
final class LargestMagnitudes {
  private static final int ROOM = 1024;

  private final int n;
  private final long[] candidates;
  private int size;
  private long least = -1; // candidates below it cannot be among the n largest

  LargestMagnitudes(int n) {
    this.n = n;
    candidates = new long[(int) Math.min(2L * n + ROOM, Integer.MAX_VALUE - 8)];
  }

  /** Considers a number; a NaN is left out. */
  void offer(float number, int position) {
    int bits = Float.floatToRawIntBits(number) & Integer.MAX_VALUE;
    if (bits > 0x7f80_0000 || n == 0) {
      return;
    }
    long candidate = ((long) bits << 32) | (Integer.MAX_VALUE - position);
    if (candidate <= least) {
      return;
    }
    if (size == candidates.length) {
      compact();
      if (candidate <= least) {
        return;
      }
    }
    candidates[size++] = candidate;
  }

  /** The positions of the n largest, or of all if there were fewer, ascending. */
  int[] positions() {
    if (size > n) {
      compact();
    }
    int[] positions = new int[size];
    for (int i = 0; i < size; i++) {
      positions[i] = Integer.MAX_VALUE - (int) candidates[i];
    }
    Arrays.sort(positions);
    return positions;
  }

  private void compact() {
    Arrays.sort(candidates, 0, size);
    System.arraycopy(candidates, size - n, candidates, 0, n);
    size = n;
    least = candidates[0];
  }
}
