package dev.filigree.kernels.panama;

import static dev.filigree.kernels.loops.Memory.ADDRESS;
import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.CHAR;
import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.panama.Species.BYTES;
import static dev.filigree.kernels.panama.Species.BYTES_UP_TO_8;
import static dev.filigree.kernels.panama.Species.LANES;
import static dev.filigree.kernels.panama.Species.S;
import static dev.filigree.kernels.panama.Species.UP_TO_8;
import static dev.filigree.kernels.panama.Species.VECTOR;

import dev.filigree.kernels.loops.BlockKernels;
import dev.filigree.kernels.loops.ScalarKernels;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * The kernels written with the Vector API. One kept weight is a broadcast and fused multiply-adds
 * on contiguous tokens; the row of y stays in registers.
 *
 * <p>The code makes four concessions to the JIT compiler, each of them measured. Vectors are read
 * and written by the API's own methods only, which are always inlined: a helper of our own is not,
 * once a method has grown, and then every vector is allocated on the heap. Loops over a bucket are
 * too long to be inlined into their callers. Addresses are masked with {@link
 * dev.filigree.kernels.loops.Memory#ADDRESS} where a method begins. And no method is so long that
 * the first compiler gives up on it.
 */
public final class PanamaKernels implements BlockKernels {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDE_SHIFT = 8;
  private static final int NARROW_SHIFT = 7;
  private static final int FEW_SHIFT = 5;

  /** What hardly counts for few tokens. */
  private static final BlockKernels PLAIN = new ScalarKernels();

  /** They have no state. */
  public PanamaKernels() {}

  @Override
  public String name() {
    return "panama-" + S.vectorBitSize();
  }

  @Override
  public void pack(long source, int stride, int tokens, int features, long tile, int width) {
    if (width == FEW) {
      PLAIN.pack(source, stride, tokens, features, tile, width);
      return;
    }
    Transpose.pack(source, stride, tokens, features, tile, width);
  }

  @Override
  public void unpack(long tile, int width, int features, int tokens, long target, int stride) {
    if (width == FEW) {
      PLAIN.unpack(tile, width, features, tokens, target, stride);
      return;
    }
    Transpose.unpack(tile, width, features, tokens, target, stride);
  }

  @Override
  public void fill(long tile, int rows, int width, long bias) {
    if (width == FEW) {
      PLAIN.fill(tile, rows, width, bias);
      return;
    }
    for (int row = 0; row < rows; row++) {
      float value = bias == 0 ? 0 : ALL.get(FLOAT, bias + 4L * row);
      FloatVector all = FloatVector.broadcast(S, value);
      long start = (tile + 4L * row * width) & ADDRESS;
      for (int at = 0; at < 4 * width; at += BYTES) {
        all.intoMemorySegment(ALL, start + at, ORDER);
      }
    }
  }

  @Override
  public void multiply(
      int[] buckets,
      int from,
      int to,
      long rowIds,
      long columns,
      long values,
      long x,
      long y,
      int width) {
    for (int bucket = from; bucket < to; bucket += 2) {
      int count = buckets[bucket];
      int rows = buckets[bucket + 1];
      if (width == WIDE) {
        multiplyWide(count, rows, rowIds, columns, values, x, y);
      } else if (width == FEW) {
        multiplyFew(count, rows, rowIds, columns, values, x, y);
      } else {
        multiplyNarrow(count, rows, rowIds, columns, values, x, y);
      }
      long weights = (long) count * rows;
      rowIds += 2L * rows;
      columns += 2 * weights;
      values += 4 * weights;
    }
  }

  private static void multiplyWide(
      int count, int rows, long rowIds, long columns, long values, long x, long y) {
    for (int row = 0; row < rows; row++) {
      long to = (y & ADDRESS) + ((long) ALL.get(CHAR, rowIds & ADDRESS) << WIDE_SHIFT);
      for (int at = 0; at < 4 * WIDE; at += 4 * BYTES) {
        long t = to + at;
        long from = (x & ADDRESS) + at;
        FloatVector a0 = FloatVector.fromMemorySegment(S, ALL, t, ORDER);
        FloatVector a1 = FloatVector.fromMemorySegment(S, ALL, t + VECTOR, ORDER);
        FloatVector a2 = FloatVector.fromMemorySegment(S, ALL, t + 2 * VECTOR, ORDER);
        FloatVector a3 = FloatVector.fromMemorySegment(S, ALL, t + 3 * VECTOR, ORDER);
        for (int k = 0; k < count; k++) {
          long p = from + ((long) ALL.get(CHAR, (columns & ADDRESS) + 2L * k) << WIDE_SHIFT);
          FloatVector w = FloatVector.broadcast(S, ALL.get(FLOAT, (values & ADDRESS) + 4L * k));
          a0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER).fma(w, a0);
          a1 = FloatVector.fromMemorySegment(S, ALL, p + VECTOR, ORDER).fma(w, a1);
          a2 = FloatVector.fromMemorySegment(S, ALL, p + 2 * VECTOR, ORDER).fma(w, a2);
          a3 = FloatVector.fromMemorySegment(S, ALL, p + 3 * VECTOR, ORDER).fma(w, a3);
        }
        a0.intoMemorySegment(ALL, t, ORDER);
        a1.intoMemorySegment(ALL, t + VECTOR, ORDER);
        a2.intoMemorySegment(ALL, t + 2 * VECTOR, ORDER);
        a3.intoMemorySegment(ALL, t + 3 * VECTOR, ORDER);
      }
      rowIds += 2;
      columns += 2L * count;
      values += 4L * count;
    }
  }

  private static void multiplyNarrow(
      int count, int rows, long rowIds, long columns, long values, long x, long y) {
    for (int row = 0; row < rows; row++) {
      long to = (y & ADDRESS) + ((long) ALL.get(CHAR, rowIds & ADDRESS) << NARROW_SHIFT);
      for (int at = 0; at < 4 * NARROW; at += 2 * BYTES) {
        long t = to + at;
        long from = (x & ADDRESS) + at;
        FloatVector a0 = FloatVector.fromMemorySegment(S, ALL, t, ORDER);
        FloatVector a1 = FloatVector.fromMemorySegment(S, ALL, t + VECTOR, ORDER);
        for (int k = 0; k < count; k++) {
          long p = from + ((long) ALL.get(CHAR, (columns & ADDRESS) + 2L * k) << NARROW_SHIFT);
          FloatVector w = FloatVector.broadcast(S, ALL.get(FLOAT, (values & ADDRESS) + 4L * k));
          a0 = FloatVector.fromMemorySegment(S, ALL, p, ORDER).fma(w, a0);
          a1 = FloatVector.fromMemorySegment(S, ALL, p + VECTOR, ORDER).fma(w, a1);
        }
        a0.intoMemorySegment(ALL, t, ORDER);
        a1.intoMemorySegment(ALL, t + VECTOR, ORDER);
      }
      rowIds += 2;
      columns += 2L * count;
      values += 4L * count;
    }
  }

  /** Four weights at a time: one sum alone would wait for each of its multiply-adds. */
  private static void multiplyFew(
      int count, int rows, long rowIds, long columns, long values, long x, long y) {
    for (int row = 0; row < rows; row++) {
      long to = (y & ADDRESS) + ((long) ALL.get(CHAR, rowIds & ADDRESS) << FEW_SHIFT);
      for (int at = 0; at < 4 * FEW; at += BYTES_UP_TO_8) {
        long t = to + at;
        long from = (x & ADDRESS) + at;
        FloatVector a0 = FloatVector.fromMemorySegment(UP_TO_8, ALL, t, ORDER);
        FloatVector a1 = FloatVector.zero(UP_TO_8);
        FloatVector a2 = FloatVector.zero(UP_TO_8);
        FloatVector a3 = FloatVector.zero(UP_TO_8);
        int k = 0;
        for (; k < count - 3; k += 4) {
          long c = (columns & ADDRESS) + 2L * k;
          long v = (values & ADDRESS) + 4L * k;
          long p0 = from + ((long) ALL.get(CHAR, c) << FEW_SHIFT);
          long p1 = from + ((long) ALL.get(CHAR, c + 2) << FEW_SHIFT);
          long p2 = from + ((long) ALL.get(CHAR, c + 4) << FEW_SHIFT);
          long p3 = from + ((long) ALL.get(CHAR, c + 6) << FEW_SHIFT);
          FloatVector w0 = FloatVector.broadcast(UP_TO_8, ALL.get(FLOAT, v));
          FloatVector w1 = FloatVector.broadcast(UP_TO_8, ALL.get(FLOAT, v + 4));
          FloatVector w2 = FloatVector.broadcast(UP_TO_8, ALL.get(FLOAT, v + 8));
          FloatVector w3 = FloatVector.broadcast(UP_TO_8, ALL.get(FLOAT, v + 12));
          a0 = FloatVector.fromMemorySegment(UP_TO_8, ALL, p0, ORDER).fma(w0, a0);
          a1 = FloatVector.fromMemorySegment(UP_TO_8, ALL, p1, ORDER).fma(w1, a1);
          a2 = FloatVector.fromMemorySegment(UP_TO_8, ALL, p2, ORDER).fma(w2, a2);
          a3 = FloatVector.fromMemorySegment(UP_TO_8, ALL, p3, ORDER).fma(w3, a3);
        }
        for (; k < count; k++) {
          long p = from + ((long) ALL.get(CHAR, (columns & ADDRESS) + 2L * k) << FEW_SHIFT);
          FloatVector w =
              FloatVector.broadcast(UP_TO_8, ALL.get(FLOAT, (values & ADDRESS) + 4L * k));
          a0 = FloatVector.fromMemorySegment(UP_TO_8, ALL, p, ORDER).fma(w, a0);
        }
        a0.add(a1).add(a2.add(a3)).intoMemorySegment(ALL, t, ORDER);
      }
      rowIds += 2;
      columns += 2L * count;
      values += 4L * count;
    }
  }

  @Override
  public void gradient(
      int[] buckets,
      int from,
      int to,
      long rowIds,
      long columns,
      long gradient,
      long x,
      long y,
      int width,
      long nextX,
      long nextY) {
    if (width == FEW) {
      PLAIN.gradient(buckets, from, to, rowIds, columns, gradient, x, y, width, nextX, nextY);
      return;
    }
    int shift = width == WIDE ? WIDE_SHIFT : NARROW_SHIFT;
    long stepX = nextX == 0 ? 0 : nextX - 4L * width;
    long stepY = nextY == 0 ? 0 : nextY - 4L * width;
    for (int bucket = from; bucket < to; bucket += 2) {
      int count = buckets[bucket];
      int rows = buckets[bucket + 1];
      int inEights = LANES < 8 ? 0 : (count + 3) / 8 * 8;
      if (inEights > 0) {
        Dots.eights(count, rows, rowIds, columns, gradient, x, y, shift, stepX, stepY);
      }
      if (inEights < count) {
        Dots.fours(count, inEights, rows, rowIds, columns, gradient, x, y, shift, stepX, stepY);
      }
      long weights = (long) count * rows;
      rowIds += 2L * rows;
      columns += 2 * weights;
      gradient += 4 * weights;
    }
  }
}
