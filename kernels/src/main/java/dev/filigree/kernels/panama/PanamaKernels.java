package dev.filigree.kernels.panama;

import static dev.filigree.kernels.loops.Memory.ADDRESS;
import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.CHAR;
import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.panama.Species.BYTES;
import static dev.filigree.kernels.panama.Species.LANES;
import static dev.filigree.kernels.panama.Species.S;
import static dev.filigree.kernels.panama.Species.VECTOR;

import dev.filigree.kernels.loops.BlockKernels;
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

  /** They have no state. */
  public PanamaKernels() {}

  @Override
  public String name() {
    return "panama-" + S.vectorBitSize();
  }

  @Override
  public void pack(long source, int stride, int tokens, int features, long tile, int width) {
    Transpose.pack(source, stride, tokens, features, tile, width);
  }

  @Override
  public void unpack(long tile, int width, int features, int tokens, long target, int stride) {
    Transpose.unpack(tile, width, features, tokens, target, stride);
  }

  @Override
  public void fill(long tile, int rows, int width, long bias) {
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
