package dev.filigree.config;

import org.jspecify.annotations.Nullable;

/** A value that a configuration record refuses; the reader adds the file and line of the key. */
public final class InvalidValue extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;

  /** What is wrong with the value of a key. */
  public InvalidValue(String key, String message) {
    super(key + ": " + message);
    this.key = key;
  }

  /** The key within the record's block. */
  public String key() {
    return key;
  }

  /** Refuses what is not above 0. */
  public static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new InvalidValue(key, "must be greater than 0, found " + value);
    }
  }

  /** Refuses what is below 0. */
  public static void requireNotNegative(String key, long value) {
    if (value < 0) {
      throw new InvalidValue(key, "must be 0 or greater, found " + value);
    }
  }

  /** Refuses what is not above 0, or not finite. */
  public static void requirePositive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new InvalidValue(key, "must be greater than 0, found " + plain(value));
    }
  }

  /** Refuses what is there and not above 0, or not finite. */
  public static void requirePositive(String key, @Nullable Double value) {
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
