package dev.filigree.zoo.config;

import org.jspecify.annotations.Nullable;

/** A value that a configuration record refuses; the reader adds the file and line of the key. */
final class InvalidValue extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;

  InvalidValue(String key, String message) {
    super(key + ": " + message);
    this.key = key;
  }

  /** The key within the record's block. */
  String key() {
    return key;
  }

  static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new InvalidValue(key, "must be greater than 0, found " + value);
    }
  }

  static void requireNotNegative(String key, long value) {
    if (value < 0) {
      throw new InvalidValue(key, "must be 0 or greater, found " + value);
    }
  }

  static void requirePositive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new InvalidValue(key, "must be greater than 0, found " + plain(value));
    }
  }

  static void requirePositive(String key, @Nullable Double value) {
    if (value != null) {
      requirePositive(key, value.doubleValue());
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
