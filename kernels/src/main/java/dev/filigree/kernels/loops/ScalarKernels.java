package dev.filigree.kernels.loops;

import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.CHAR;
import static dev.filigree.kernels.loops.Memory.FLOAT;

/**
 * The kernels in plain Java, which run on every JVM and serve as the reference for the vectorized
 * ones.
 */
public final class ScalarKernels implements BlockKernels {
  /** They have no state. */
  public ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void pack(long source, int stride, int tokens, int features, long tile, int width) {
    for (int feature = 0; feature < features; feature++) {
      long target = tile + 4L * feature * width;
      for (int token = 0; token < width; token++) {
        float value =
            token < tokens ? ALL.get(FLOAT, source + 4L * ((long) token * stride + feature)) : 0;
        ALL.set(FLOAT, target + 4L * token, value);
      }
    }
  }

  @Override
  public void unpack(long tile, int width, int features, int tokens, long target, int stride) {
    for (int token = 0; token < tokens; token++) {
      long row = target + 4L * token * stride;
      for (int feature = 0; feature < features; feature++) {
        float value = ALL.get(FLOAT, tile + 4L * ((long) feature * width + token));
        ALL.set(FLOAT, row + 4L * feature, value);
      }
    }
  }

  @Override
  public void fill(long tile, int rows, int width, long bias) {
    for (int row = 0; row < rows; row++) {
      float value = bias == 0 ? 0 : ALL.get(FLOAT, bias + 4L * row);
      for (int token = 0; token < width; token++) {
        ALL.set(FLOAT, tile + 4L * ((long) row * width + token), value);
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
    long weight = 0;
    long row = 0;
    for (int bucket = from; bucket < to; bucket += 2) {
      int count = buckets[bucket];
      for (long end = row + buckets[bucket + 1]; row < end; row++) {
        long target = y + 4L * width * ALL.get(CHAR, rowIds + 2 * row);
        for (long last = weight + count; weight < last; weight++) {
          long source = x + 4L * width * ALL.get(CHAR, columns + 2 * weight);
          float value = ALL.get(FLOAT, values + 4 * weight);
          for (int token = 0; token < width; token++) {
            long at = target + 4L * token;
            ALL.set(
                FLOAT,
                at,
                Math.fma(value, ALL.get(FLOAT, source + 4L * token), ALL.get(FLOAT, at)));
          }
        }
      }
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
    long weight = 0;
    long row = 0;
    for (int bucket = from; bucket < to; bucket += 2) {
      int count = buckets[bucket];
      for (long end = row + buckets[bucket + 1]; row < end; row++) {
        long left = y + 4L * width * ALL.get(CHAR, rowIds + 2 * row);
        for (long last = weight + count; weight < last; weight++) {
          long right = x + 4L * width * ALL.get(CHAR, columns + 2 * weight);
          float sum = 0;
          for (int tile = 0; tile < (nextX == 0 ? 1 : 2); tile++) {
            for (int token = 0; token < width; token++) {
              float a = ALL.get(FLOAT, left + tile * nextY + 4L * token);
              float b = ALL.get(FLOAT, right + tile * nextX + 4L * token);
              sum = Math.fma(a, b, sum);
            }
          }
          long at = gradient + 4 * weight;
          ALL.set(FLOAT, at, ALL.get(FLOAT, at) + sum);
        }
      }
    }
  }
}
