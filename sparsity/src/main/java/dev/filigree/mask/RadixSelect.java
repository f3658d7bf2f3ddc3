package dev.filigree.mask;

import java.util.Arrays;

/**
 * Finds the line that the best n of many keys lie above, in linear time and without moving a key:
 * histograms of the highest digit, then of the next one among the keys that share it, and so on.
 * Where the line goes through equal keys, the same is done with the digits of their ranks.
 */
final class RadixSelect {
  /** Up to this many keys, sorting them is faster than clearing a histogram. */
  static final int SMALL = 256;

  private static final int LARGE = 1 << 16;
  private static final int RANK_DIGIT = 16;

  private RadixSelect() {}

  /**
   * The line that exactly {@code take} candidates of a range lie above; all of them where there are
   * fewer. The answer is the same for any number of threads.
   */
  static Cutoff cutoff(Keys keys, long from, long size, long take, TieBreak ties, int threads) {
    if (take <= 0) {
      return Cutoff.NOTHING;
    }
    if (take >= size) {
      return Cutoff.EVERYTHING;
    }
    int digit = size < LARGE ? 8 : 16;
    long left = take;
    int prefix = 0;
    for (int shift = 32 - digit; shift >= 0; shift -= digit) {
      long[] counts = keyDigits(keys, from, size, prefix, shift, digit, threads);
      int d = counts.length - 1;
      while (d > 0 && counts[d] < left) {
        left -= counts[d--];
      }
      prefix = prefix << digit | d;
      if (counts[d] <= left) {
        // Everything that shares these digits is in: the smallest such key is the line.
        int lowest = (prefix << shift) ^ Integer.MIN_VALUE;
        return new Cutoff(Math.max(lowest, Keys.NAN), Cutoff.ALL_TIES);
      }
    }
    int key = prefix ^ Integer.MIN_VALUE;
    return key == Keys.NONE
        ? Cutoff.EVERYTHING
        : new Cutoff(key, rank(keys, from, size, key, left, ties, threads));
  }

  /**
   * As {@link #cutoff}, for a few keys already read; {@code first} is the position of the first.
   */
  static Cutoff smallCutoff(
      Keys source, int[] keys, int from, int size, long first, long take, TieBreak ties) {
    if (take <= 0) {
      return Cutoff.NOTHING;
    }
    if (take >= size) {
      return Cutoff.EVERYTHING;
    }
    int[] sorted = Arrays.copyOfRange(keys, from, from + size);
    Arrays.sort(sorted);
    int line = (int) (size - take);
    int key = sorted[line];
    if (key == Keys.NONE) {
      return Cutoff.EVERYTHING;
    }
    if (line == 0 || sorted[line - 1] != key) {
      return new Cutoff(key, Cutoff.ALL_TIES);
    }
    var ranks = new long[size];
    int tied = 0;
    int above = 0;
    for (int i = 0; i < size; i++) {
      if (keys[from + i] == key) {
        // The sign flipped: signed sorting then orders unsigned numbers.
        ranks[tied++] = ties.rank(source.index(first + i)) ^ Long.MIN_VALUE;
      } else if (keys[from + i] > key) {
        above++;
      }
    }
    Arrays.sort(ranks, 0, tied);
    return new Cutoff(key, ranks[(int) take - above - 1] ^ Long.MIN_VALUE);
  }

  /** How often each digit occurs among the keys whose higher digits are {@code prefix}. */
  private static long[] keyDigits(
      Keys keys, long from, long size, int prefix, int shift, int digit, int threads) {
    int ranges = ParallelRanges.ranges(size, threads);
    var counts = new int[ranges][1 << digit];
    ParallelRanges.forEach(
        size,
        ranges,
        (range, start, count) -> {
          var block = new Keys.Block();
          for (long done = 0; done < count; done += Keys.Block.SIZE) {
            int length = (int) Math.min(Keys.Block.SIZE, count - done);
            keys.read(from + start + done, length, block);
            if (shift + digit == Integer.SIZE) {
              countHighest(block.keys, length, shift, counts[range]);
            } else {
              countBelow(block.keys, length, prefix, shift, digit, counts[range]);
            }
          }
        });
    return sum(counts);
  }

  private static void countHighest(int[] keys, int length, int shift, int[] counts) {
    for (int i = 0; i < length; i++) {
      counts[(keys[i] ^ Integer.MIN_VALUE) >>> shift]++;
    }
  }

  private static void countBelow(
      int[] keys, int length, int prefix, int shift, int digit, int[] counts) {
    int mask = counts.length - 1;
    for (int i = 0; i < length; i++) {
      int shifted = (keys[i] ^ Integer.MIN_VALUE) >>> shift;
      if (shifted >>> digit == prefix) {
        counts[shifted & mask]++;
      }
    }
  }

  /** The rank that exactly {@code take} of the keys equal to {@code key} do not exceed. */
  private static long rank(
      Keys keys, long from, long size, int key, long take, TieBreak ties, int threads) {
    long highest = ties instanceof TieBreak.LowerIndex ? keys.highestIndex(from, size) : -1L;
    int bits = Math.max(1, Long.SIZE - Long.numberOfLeadingZeros(highest));
    long left = take;
    long prefix = 0;
    for (int shift = (bits - 1) / RANK_DIGIT * RANK_DIGIT; shift >= 0; shift -= RANK_DIGIT) {
      long[] counts = rankDigits(keys, from, size, key, prefix, shift, ties, threads);
      int d = 0;
      while (counts[d] < left) {
        left -= counts[d++];
      }
      prefix = prefix << RANK_DIGIT | d;
      if (counts[d] == left) {
        return prefix << shift | ((1L << shift) - 1);
      }
    }
    throw new AssertionError("two weights share a rank");
  }

  private static long[] rankDigits(
      Keys keys,
      long from,
      long size,
      int key,
      long prefix,
      int shift,
      TieBreak ties,
      int threads) {
    int ranges = ParallelRanges.ranges(size, threads);
    var counts = new int[ranges][1 << RANK_DIGIT];
    ParallelRanges.forEach(
        size,
        ranges,
        (range, start, count) -> {
          var block = new Keys.Block();
          for (long done = 0; done < count; done += Keys.Block.SIZE) {
            long first = from + start + done;
            int length = (int) Math.min(Keys.Block.SIZE, count - done);
            keys.read(first, length, block);
            for (int i = 0; i < length; i++) {
              if (block.keys[i] == key) {
                long shifted = ties.rank(keys.index(first + i)) >>> shift;
                if (shifted >>> RANK_DIGIT == prefix) {
                  counts[range][(int) shifted & 0xFFFF]++;
                }
              }
            }
          }
        });
    return sum(counts);
  }

  private static long[] sum(int[][] counts) {
    var sums = new long[counts[0].length];
    for (int[] part : counts) {
      for (int d = 0; d < sums.length; d++) {
        sums[d] += part[d];
      }
    }
    return sums;
  }
}
