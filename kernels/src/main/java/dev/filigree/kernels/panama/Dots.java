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
 * past the end of the row are computed and thrown away.
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

  /** More than any tile's row has bytes; a mask that keeps offsets small for the compiler. */
  private static final long IN_ROW = 0xfff;

  /** Above any offset in the tile of a panel. */
  private static final long OFFSET = 0xffff_ffffL;

  private Dots() {}

  /**
   * Adds up to four dot products to gradients.
   *
   * @param left how many of the columns count, at least 1
   * @param columns four 16-bit column numbers, of which {@code left} count
   * @param x the tile of columns, each {@code 1 << shift} bytes, of which {@code end} count
   * @param y the row
   */
  static void four(int left, long columns, long x, long y, long gradient, int shift, int end) {
    columns &= ADDRESS;
    x &= ADDRESS;
    y &= ADDRESS;
    gradient &= ADDRESS;
    int scale = shift & 15;
    long p0 = x + (((long) ALL.get(CHAR, columns) << scale) & OFFSET);
    long p1 = x + (((long) ALL.get(CHAR, columns + 2) << scale) & OFFSET);
    long p2 = x + (((long) ALL.get(CHAR, columns + 4) << scale) & OFFSET);
    long p3 = x + (((long) ALL.get(CHAR, columns + 6) << scale) & OFFSET);
    FloatVector u0 = FloatVector.zero(S);
    FloatVector u1 = u0;
    FloatVector u2 = u0;
    FloatVector u3 = u0;
    long at = 0;
    do {
      long o = at & IN_ROW;
      FloatVector a = FloatVector.fromMemorySegment(S, ALL, y + o, ORDER);
      u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o, ORDER).fma(a, u0);
      u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o, ORDER).fma(a, u1);
      u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o, ORDER).fma(a, u2);
      u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o, ORDER).fma(a, u3);
      a = FloatVector.fromMemorySegment(S, ALL, y + o + VECTOR, ORDER);
      u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o + VECTOR, ORDER).fma(a, u0);
      u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o + VECTOR, ORDER).fma(a, u1);
      u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o + VECTOR, ORDER).fma(a, u2);
      u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o + VECTOR, ORDER).fma(a, u3);
      at += 2 * VECTOR;
    } while (at != end);
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
    if (left >= 4) {
      FloatVector.fromMemorySegment(OF_4, ALL, gradient, ORDER)
          .add(sums)
          .intoMemorySegment(ALL, gradient, ORDER);
      return;
    }
    ALL.set(FLOAT, gradient, ALL.get(FLOAT, gradient) + sums.lane(0));
    if (left > 1) {
      ALL.set(FLOAT, gradient + 4, ALL.get(FLOAT, gradient + 4) + sums.lane(1));
    }
    if (left > 2) {
      ALL.set(FLOAT, gradient + 8, ALL.get(FLOAT, gradient + 8) + sums.lane(2));
    }
  }

  /** Adds five to eight dot products to gradients; as {@link #four}. */
  static void eight(int left, long columns, long x, long y, long gradient, int shift, int end) {
    if (LANES < 8) {
      four(4, columns, x, y, gradient, shift, end);
      four(left - 4, columns + 8, x, y, gradient + 16, shift, end);
      return;
    }
    columns &= ADDRESS;
    x &= ADDRESS;
    y &= ADDRESS;
    gradient &= ADDRESS;
    int scale = shift & 15;
    long p0 = x + (((long) ALL.get(CHAR, columns) << scale) & OFFSET);
    long p1 = x + (((long) ALL.get(CHAR, columns + 2) << scale) & OFFSET);
    long p2 = x + (((long) ALL.get(CHAR, columns + 4) << scale) & OFFSET);
    long p3 = x + (((long) ALL.get(CHAR, columns + 6) << scale) & OFFSET);
    long p4 = x + (((long) ALL.get(CHAR, columns + 8) << scale) & OFFSET);
    long p5 = x + (((long) ALL.get(CHAR, columns + 10) << scale) & OFFSET);
    long p6 = x + (((long) ALL.get(CHAR, columns + 12) << scale) & OFFSET);
    long p7 = x + (((long) ALL.get(CHAR, columns + 14) << scale) & OFFSET);
    FloatVector u0 = FloatVector.zero(S);
    FloatVector u1 = u0;
    FloatVector u2 = u0;
    FloatVector u3 = u0;
    FloatVector u4 = u0;
    FloatVector u5 = u0;
    FloatVector u6 = u0;
    FloatVector u7 = u0;
    long at = 0;
    do {
      long o = at & IN_ROW;
      FloatVector a = FloatVector.fromMemorySegment(S, ALL, y + o, ORDER);
      u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o, ORDER).fma(a, u0);
      u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o, ORDER).fma(a, u1);
      u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o, ORDER).fma(a, u2);
      u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o, ORDER).fma(a, u3);
      u4 = FloatVector.fromMemorySegment(S, ALL, p4 + o, ORDER).fma(a, u4);
      u5 = FloatVector.fromMemorySegment(S, ALL, p5 + o, ORDER).fma(a, u5);
      u6 = FloatVector.fromMemorySegment(S, ALL, p6 + o, ORDER).fma(a, u6);
      u7 = FloatVector.fromMemorySegment(S, ALL, p7 + o, ORDER).fma(a, u7);
      a = FloatVector.fromMemorySegment(S, ALL, y + o + VECTOR, ORDER);
      u0 = FloatVector.fromMemorySegment(S, ALL, p0 + o + VECTOR, ORDER).fma(a, u0);
      u1 = FloatVector.fromMemorySegment(S, ALL, p1 + o + VECTOR, ORDER).fma(a, u1);
      u2 = FloatVector.fromMemorySegment(S, ALL, p2 + o + VECTOR, ORDER).fma(a, u2);
      u3 = FloatVector.fromMemorySegment(S, ALL, p3 + o + VECTOR, ORDER).fma(a, u3);
      u4 = FloatVector.fromMemorySegment(S, ALL, p4 + o + VECTOR, ORDER).fma(a, u4);
      u5 = FloatVector.fromMemorySegment(S, ALL, p5 + o + VECTOR, ORDER).fma(a, u5);
      u6 = FloatVector.fromMemorySegment(S, ALL, p6 + o + VECTOR, ORDER).fma(a, u6);
      u7 = FloatVector.fromMemorySegment(S, ALL, p7 + o + VECTOR, ORDER).fma(a, u7);
      at += 2 * VECTOR;
    } while (at != end);
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
    if (left >= 8) {
      FloatVector.fromMemorySegment(UP_TO_8, ALL, gradient, ORDER)
          .add(sums)
          .intoMemorySegment(ALL, gradient, ORDER);
      return;
    }
    FloatVector.fromMemorySegment(OF_4, ALL, gradient, ORDER)
        .add((FloatVector) sums.reinterpretShape(OF_4, 0))
        .intoMemorySegment(ALL, gradient, ORDER);
    ALL.set(FLOAT, gradient + 16, ALL.get(FLOAT, gradient + 16) + sums.lane(4));
    if (left > 5) {
      ALL.set(FLOAT, gradient + 20, ALL.get(FLOAT, gradient + 20) + sums.lane(5));
    }
    if (left > 6) {
      ALL.set(FLOAT, gradient + 24, ALL.get(FLOAT, gradient + 24) + sums.lane(6));
    }
  }
}
