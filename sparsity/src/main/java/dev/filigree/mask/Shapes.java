package dev.filigree.mask;

import java.util.Arrays;

/** Sizes of parameters, and the checks that a way of grouping makes on them. */
final class Shapes {
  private Shapes() {}

  static long size(long[] shape) {
    long size = 1;
    for (long dimension : shape) {
      size = Math.multiplyExact(size, dimension);
    }
    return size;
  }

  /** The weights of one output. */
  static long row(long[] shape) {
    return size(Arrays.copyOfRange(shape, 1, shape.length));
  }

  static void requirePositive(String what, long value) {
    if (value < 1) {
      throw new IllegalArgumentException("the " + what + " is at least 1, found " + value);
    }
  }

  static void requireDimensions(int least, String name, long[] shape) {
    if (shape.length < least || size(shape) == 0) {
      throw new IllegalArgumentException(
          "%s %s: these groups need a parameter of %d or more dimensions with weights in it"
              .formatted(name, Arrays.toString(shape), least));
    }
  }

  static void requireDivided(
      String name, long[] shape, long whole, long part, String what, String unit) {
    if (whole % part != 0) {
      throw new IllegalArgumentException(
          "%s %s: %s do not divide %d %s"
              .formatted(name, Arrays.toString(shape), what, whole, unit));
    }
  }
}
