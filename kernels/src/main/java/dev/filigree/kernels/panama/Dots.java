package dev.filigree.kernels.panama;

import static dev.filigree.kernels.loops.Memory.ADDRESS;
import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.CHAR;
import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.panama.Species.LANES;
import static dev.filigree.kernels.panama.Species.OF_4;
import static dev.filigree.kernels.panama.Species.S;
import static dev.filigree.kernels.panama.Species.UP_TO_8;
import static dev.filigree.kernels.panama.Species.VECTOR;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Dot products of one row with several columns at once, over the tokens of a tile.
 *
 * <p>The sums are reduced together: two vectors are blended and folded into one that holds half of
 * each, which takes four instructions where a horizontal sum for each weight takes ten. Columns
 * past the end of the row are computed and discarded.
 */
final class Dots {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final VectorMask<Float> ODD = Species.lanesWith(S, 1);
  private static final VectorMask<Float> UPPER_OF_4 = Species.lanesWith(S, 2);
  private static final VectorMask<Float> UPPER_OF_8 = Species.lanesWith(S, 4);
  private static final VectorShuffle<Float> BY_1 = Species.exchange(S, 1);
  private static final VectorShuffle<Float> BY_2 = Species.exchange(S, 2);
  private static final VectorShuffle<Float> BY_4 = Species.exchange(S, 4);
  private static final VectorShuffle<Float> BY_8 = Species.exchange(S, 8);

  /** Above any offset in a tile or from one to the next: keeps sums in range for the compiler. */
  private static final long OFFSET = 0xff_ffff_ffffL;

  private Dots() {}

  /**
   * Adds the dot products of a bucket's rows with their columns to gradients, eight at a time and
   * at the end of a row five to eight; up to four remain for {@link #fours}.
   *
   * @param count kept weights per row
   * @param shift the size of a row of a tile is 2 to the power of it, in bytes
   * @param stepX bytes from the end of a row of x to its continuation in a second tile; 0 for none
   * @param stepY the same for y
   */
  static void eights(
      int count,
      int rows,
      long rowIds,
      long columns,
      long gradient,
      long x,
      long y,
      int shift,
      long stepX,
      long stepY) {
    x &= ADDRESS;
    int scale = shift & 15;
    long width = 1L << scale;
    long end = stepX == 0 ? width : 2 * width + stepX;
    for (int row = 0; row < rows; row++) {
      long id = ALL.get(CHAR, (rowIds & ADDRESS) + 2L * row);
      long left = (y & ADDRESS) + ((id << scale) & OFFSET);
      for (int k = 0; k + 4 < count; k += 8) {
        long at = (columns & ADDRESS) + 2L * k;
        long p0 = x + (((long) ALL.get(CHAR, at) << scale) & OFFSET);
        long p1 = x + (((long) ALL.get(CHAR, at + 2) << scale) & OFFSET);
        long p2 = x + (((long) ALL.get(CHAR, at + 4) << scale) & OFFSET);
        long p3 = x + (((long) ALL.get(CHAR, at + 6) << scale) & OFFSET);
        long p4 = x + (((long) ALL.get(CHAR, at + 8) << scale) & OFFSET);
        long p5 = x + (((long) ALL.get(CHAR, at + 10) << scale) & OFFSET);
        long p6 = x + (((long) ALL.get(CHAR, at + 12) << scale) & OFFSET);
        long p7 = x + (((long) ALL.get(CHAR, at + 14) << scale) & OFFSET);
        FloatVector u0 = FloatVector.zero(S);
        FloatVector u1 = u0;
        FloatVector u2 = u0;
        FloatVector u3 = u0;
        FloatVector u4 = u0;
        FloatVector u5 = u0;
        FloatVector u6 = u0;
        FloatVector u7 = u0;
        long token = 0;
        long from = left;
        do {
          long o = token & OFFSET;
          FloatVector a = FloatVector.fromMemorySegment(S, ALL, from & ADDRESS, ORDER);
          u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o, ORDER).fma(a, u0);
          u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o, ORDER).fma(a, u1);
          u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o, ORDER).fma(a, u2);
          u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o, ORDER).fma(a, u3);
          u4 = FloatVector.fromMemorySegment(S, ALL, p4 + o, ORDER).fma(a, u4);
          u5 = FloatVector.fromMemorySegment(S, ALL, p5 + o, ORDER).fma(a, u5);
          u6 = FloatVector.fromMemorySegment(S, ALL, p6 + o, ORDER).fma(a, u6);
          u7 = FloatVector.fromMemorySegment(S, ALL, p7 + o, ORDER).fma(a, u7);
          a = FloatVector.fromMemorySegment(S, ALL, (from & ADDRESS) + VECTOR, ORDER);
          u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o + VECTOR, ORDER).fma(a, u0);
          u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o + VECTOR, ORDER).fma(a, u1);
          u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o + VECTOR, ORDER).fma(a, u2);
          u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o + VECTOR, ORDER).fma(a, u3);
          u4 = FloatVector.fromMemorySegment(S, ALL, p4 + o + VECTOR, ORDER).fma(a, u4);
          u5 = FloatVector.fromMemorySegment(S, ALL, p5 + o + VECTOR, ORDER).fma(a, u5);
          u6 = FloatVector.fromMemorySegment(S, ALL, p6 + o + VECTOR, ORDER).fma(a, u6);
          u7 = FloatVector.fromMemorySegment(S, ALL, p7 + o + VECTOR, ORDER).fma(a, u7);
          token += 2 * VECTOR;
          from += 2 * VECTOR;
          if (token == width) {
            token += stepX;
            from += stepY;
          }
        } while (token != end);
        u0 = u0.blend(u1, ODD).add(u1.blend(u0, ODD).rearrange(BY_1));
        u2 = u2.blend(u3, ODD).add(u3.blend(u2, ODD).rearrange(BY_1));
        u4 = u4.blend(u5, ODD).add(u5.blend(u4, ODD).rearrange(BY_1));
        u6 = u6.blend(u7, ODD).add(u7.blend(u6, ODD).rearrange(BY_1));
        u0 = u0.blend(u2, UPPER_OF_4).add(u2.blend(u0, UPPER_OF_4).rearrange(BY_2));
        u4 = u4.blend(u6, UPPER_OF_4).add(u6.blend(u4, UPPER_OF_4).rearrange(BY_2));
        u0 = u0.blend(u4, UPPER_OF_8).add(u4.blend(u0, UPPER_OF_8).rearrange(BY_4));
        if (LANES > 8) {
          u0 = u0.add(u0.rearrange(BY_8));
        }
        FloatVector sums = (FloatVector) u0.reinterpretShape(UP_TO_8, 0);
        long to = (gradient & ADDRESS) + 4L * k;
        if (count - k >= 8) {
          FloatVector.fromMemorySegment(UP_TO_8, ALL, to, ORDER)
              .add(sums)
              .intoMemorySegment(ALL, to, ORDER);
        } else {
          FloatVector.fromMemorySegment(OF_4, ALL, to, ORDER)
              .add((FloatVector) sums.reinterpretShape(OF_4, 0))
              .intoMemorySegment(ALL, to, ORDER);
          ALL.set(FLOAT, to + 16, ALL.get(FLOAT, to + 16) + sums.lane(4));
          if (count - k > 5) {
            ALL.set(FLOAT, to + 20, ALL.get(FLOAT, to + 20) + sums.lane(5));
          }
          if (count - k > 6) {
            ALL.set(FLOAT, to + 24, ALL.get(FLOAT, to + 24) + sums.lane(6));
          }
        }
      }
      columns += 2L * count;
      gradient += 4L * count;
    }
  }

  /**
   * As {@link #eights}, but four at a time, and one to four at the end of a row.
   *
   * @param first the index of the first weight of each row to process
   */
  static void fours(
      int count,
      int first,
      int rows,
      long rowIds,
      long columns,
      long gradient,
      long x,
      long y,
      int shift,
      long stepX,
      long stepY) {
    x &= ADDRESS;
    int scale = shift & 15;
    long width = 1L << scale;
    long end = stepX == 0 ? width : 2 * width + stepX;
    for (int row = 0; row < rows; row++) {
      long id = ALL.get(CHAR, (rowIds & ADDRESS) + 2L * row);
      long left = (y & ADDRESS) + ((id << scale) & OFFSET);
      for (int k = first; k < count; k += 4) {
        long at = (columns & ADDRESS) + 2L * k;
        long p0 = x + (((long) ALL.get(CHAR, at) << scale) & OFFSET);
        long p1 = x + (((long) ALL.get(CHAR, at + 2) << scale) & OFFSET);
        long p2 = x + (((long) ALL.get(CHAR, at + 4) << scale) & OFFSET);
        long p3 = x + (((long) ALL.get(CHAR, at + 6) << scale) & OFFSET);
        FloatVector u0 = FloatVector.zero(S);
        FloatVector u1 = u0;
        FloatVector u2 = u0;
        FloatVector u3 = u0;
        long token = 0;
        long from = left;
        do {
          long o = token & OFFSET;
          FloatVector a = FloatVector.fromMemorySegment(S, ALL, from & ADDRESS, ORDER);
          u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o, ORDER).fma(a, u0);
          u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o, ORDER).fma(a, u1);
          u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o, ORDER).fma(a, u2);
          u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o, ORDER).fma(a, u3);
          a = FloatVector.fromMemorySegment(S, ALL, (from & ADDRESS) + VECTOR, ORDER);
          u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o + VECTOR, ORDER).fma(a, u0);
          u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o + VECTOR, ORDER).fma(a, u1);
          u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o + VECTOR, ORDER).fma(a, u2);
          u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o + VECTOR, ORDER).fma(a, u3);
          token += 2 * VECTOR;
          from += 2 * VECTOR;
          if (token == width) {
            token += stepX;
            from += stepY;
          }
        } while (token != end);
        u0 = u0.blend(u1, ODD).add(u1.blend(u0, ODD).rearrange(BY_1));
        u2 = u2.blend(u3, ODD).add(u3.blend(u2, ODD).rearrange(BY_1));
        u0 = u0.blend(u2, UPPER_OF_4).add(u2.blend(u0, UPPER_OF_4).rearrange(BY_2));
        if (LANES > 4) {
          u0 = u0.add(u0.rearrange(BY_4));
        }
        if (LANES > 8) {
          u0 = u0.add(u0.rearrange(BY_8));
        }
        FloatVector sums = (FloatVector) u0.reinterpretShape(OF_4, 0);
        long to = (gradient & ADDRESS) + 4L * k;
        if (count - k >= 4) {
          FloatVector.fromMemorySegment(OF_4, ALL, to, ORDER)
              .add(sums)
              .intoMemorySegment(ALL, to, ORDER);
        } else {
          ALL.set(FLOAT, to, ALL.get(FLOAT, to) + sums.lane(0));
          if (count - k > 1) {
            ALL.set(FLOAT, to + 4, ALL.get(FLOAT, to + 4) + sums.lane(1));
          }
          if (count - k > 2) {
            ALL.set(FLOAT, to + 8, ALL.get(FLOAT, to + 8) + sums.lane(2));
          }
        }
      }
      columns += 2L * count;
      gradient += 4L * count;
    }
  }
}
