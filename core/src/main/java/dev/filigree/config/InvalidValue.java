package dev.filigree.config;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by the constructor of a configuration record for a value that is not allowed. {@link
 * ConfigMap#build} adds the file and line of the key.
 */
public final class InvalidValue extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;

  /**
   * Creates an error about the value of a key.
   *
   * @param key the key within the record's block
   * @param message what is wrong with its value, without the key
   */
  public InvalidValue(String key, String message) {
    super(key + ": " + message);
    this.key = key;
  }

  /** The key within the record's block. */
  public String key() {
    return key;
  }

  /**
   * Requires a value above 0.
   *
   * @throws InvalidValue if it is 0 or less
   */
  public static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new InvalidValue(key, "must be greater than 0, found " + value);
    }
  }

  /**
   * Requires a value of 0 or more.
   *
   * @throws InvalidValue if it is below 0
   */
  public static void requireNotNegative(String key, long value) {
    if (value < 0) {
      throw new InvalidValue(key, "must be 0 or greater, found " + value);
    }
  }

  /**
   * Requires a finite value above 0.
   *
   * @throws InvalidValue if it is 0 or less, infinite or NaN
   */
  public static void requirePositive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new InvalidValue(key, "must be greater than 0, found " + plain(value));
    }
  }

  /**
   * Requires a finite value above 0, or null.
   *
   * @throws InvalidValue if it is 0 or less, infinite or NaN
   */
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
