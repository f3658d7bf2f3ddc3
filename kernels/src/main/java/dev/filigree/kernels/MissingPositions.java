package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Chooses positions that a sparse matrix does not keep, without a dense array of the matrix: where
 * RigL grows (largest gradients) and where SET grows (at random).
 */
public final class MissingPositions {
  /** Elements of the dense matrix that are computed at a time: 4 MiB. */
  private static final int ELEMENTS_AT_ONCE = 1 << 20;

  private MissingPositions() {}

  /**
   * The missing positions with the n largest magnitudes of a dense matrix that is computed block by
   * block. Of equal magnitudes the lower flat position wins; a NaN is never chosen.
   *
   * @param matrix whose missing positions are asked for
   * @param n how many
   * @param dense computes rows of the dense matrix [rows, columns]
   * @return flat positions in ascending order; fewer than n if fewer are missing and not NaN
   * @throws IllegalArgumentException if n is negative
   */
  public static int[] largest(SparseMatrix matrix, int n, DenseRows dense) {
    checkNumber(n);
    var best = new LargestMagnitudes(Math.min(n, missing(matrix)));
    int columns = matrix.columns();
    int[] kept = matrix.sortedPositions();
    int next = 0;
    int rowsAtOnce = Math.clamp(ELEMENTS_AT_ONCE / columns, 1, matrix.rows());
    try (var arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(4L * rowsAtOnce * columns, 64);
      for (int first = 0; first < matrix.rows(); first += rowsAtOnce) {
        int rows = Math.min(rowsAtOnce, matrix.rows() - first);
        MemorySegment target = block.asSlice(0, 4L * rows * columns);
        dense.compute(first, rows, target);
        int start = first * columns;
        for (int i = 0; i < rows * columns; i++) {
          if (next < kept.length && kept[next] == start + i) {
            next++;
          } else {
            best.offer(target.get(FLOAT, 4L * i), start + i);
          }
        }
      }
    }
    return best.positions();
  }

  /**
   * Missing positions drawn uniformly without replacement; the same generator state gives the same
   * positions.
   *
   * @param matrix whose missing positions are asked for
   * @param n how many
   * @return n flat positions in ascending order
   * @throws IllegalArgumentException if n is negative or fewer than n are missing
   */
  public static int[] random(SparseMatrix matrix, int n, RandomGenerator random) {
    checkNumber(n);
    int missing = missing(matrix);
    if (n > missing) {
      throw new IllegalArgumentException(
          "n is %d, but only %d positions are missing".formatted(n, missing));
    }
    // The rarer side is drawn, so that few draws hit a number that is drawn already.
    int[] ranks =
        n <= missing / 2
            ? distinct(n, missing, random)
            : others(distinct(missing - n, missing, random), missing);
    int[] kept = matrix.sortedPositions();
    int passed = 0; // kept positions before the missing one of the current rank
    for (int i = 0; i < n; i++) {
      while (passed < kept.length && kept[passed] - passed <= ranks[i]) {
        passed++;
      }
      ranks[i] += passed;
    }
    return ranks;
  }

  /** So many different numbers below a bound, ascending: duplicates are drawn again. */
  private static int[] distinct(int number, int bound, RandomGenerator random) {
    int[] drawn = new int[number];
    int have = 0;
    while (have < number) {
      for (int i = have; i < number; i++) {
        drawn[i] = random.nextInt(bound);
      }
      Arrays.sort(drawn);
      have = 0;
      for (int i = 0; i < number; i++) {
        if (i == 0 || drawn[i] != drawn[i - 1]) {
          drawn[have++] = drawn[i];
        }
      }
    }
    return drawn;
  }

  /** The numbers below a bound that an ascending list leaves out. */
  private static int[] others(int[] excluded, int bound) {
    int[] others = new int[bound - excluded.length];
    int next = 0;
    int have = 0;
    for (int i = 0; i < bound; i++) {
      if (next < excluded.length && excluded[next] == i) {
        next++;
      } else {
        others[have++] = i;
      }
    }
    return others;
  }

  private static int missing(SparseMatrix matrix) {
    return matrix.rows() * matrix.columns() - matrix.kept();
  }

  private static void checkNumber(int n) {
    if (n < 0) {
      throw new IllegalArgumentException("n is " + n + "; it must not be negative");
    }
  }
}
