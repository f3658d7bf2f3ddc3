package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/** Random structures and numbers for tests. */
final class RandomMatrices {
  private RandomMatrices() {}

  /**
   * A mask that mixes dense rows, empty rows, dense and empty columns, runs, and uniform rows of
   * several densities.
   */
  static BitSet mask(int rows, int columns, RandomGenerator random) {
    var mask = new BitSet(rows * columns);
    int style = random.nextInt(8);
    if (style == 0) {
      mask.set(0, rows * columns);
      return mask;
    }
    if (style == 1) {
      return mask;
    }
    double density = new double[] {0.02, 0.1, 0.3, 0.6, 0.95}[random.nextInt(5)];
    for (int row = 0; row < rows; row++) {
      int start = row * columns;
      int kind = style < 4 ? 3 : random.nextInt(5);
      switch (kind) {
        case 0 -> mask.set(start, start + columns);
        case 1 -> {}
        case 2 -> {
          int first = random.nextInt(columns);
          mask.set(start + first, start + first + random.nextInt(columns - first) + 1);
        }
        default -> {
          for (int column = 0; column < columns; column++) {
            mask.set(start + column, random.nextDouble() < density);
          }
        }
      }
    }
    int column = random.nextInt(columns);
    for (int row = 0; row < rows; row++) {
      mask.set(row * columns + column, style % 2 == 0);
    }
    return mask;
  }

  /** So many different positions below a size that a mask does not hold, ascending. */
  static int[] missing(BitSet mask, int size, int number, RandomGenerator random) {
    var drawn = new BitSet(size);
    for (int have = 0; have < number; ) {
      int position = random.nextInt(size);
      if (!mask.get(position) && !drawn.get(position)) {
        drawn.set(position);
        have++;
      }
    }
    return drawn.stream().toArray();
  }

  static MemorySegment gaussian(Arena arena, long count, RandomGenerator random) {
    MemorySegment numbers = floats(arena, count);
    for (long i = 0; i < count; i++) {
      numbers.set(FLOAT, 4 * i, (float) random.nextGaussian());
    }
    return numbers;
  }

  /** Numbers that start as NaN, so that one that is never written shows. */
  static MemorySegment floats(Arena arena, long count) {
    MemorySegment numbers = arena.allocate(Math.max(4, 4 * count), 4).asSlice(0, 4 * count);
    for (long i = 0; i < count; i++) {
      numbers.set(FLOAT, 4 * i, Float.NaN);
    }
    return numbers;
  }
}
