package dev.filigree.zoo.model;

/** The checks that every configuration makes of its sizes. */
final class Sizes {
  private Sizes() {}

  static void positive(String key, long value) {
    between(key, value, 1, Integer.MAX_VALUE);
  }

  static void between(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s must be from %d to %d, found %d".formatted(key, least, most, value));
    }
  }

  static void multiple(String key, long value, String divisorKey, long divisor) {
    if (value % divisor != 0) {
      throw new IllegalArgumentException(
          "%s must be a multiple of %s%s, found %d"
              .formatted(
                  key,
                  divisorKey,
                  divisorKey.equals(String.valueOf(divisor)) ? "" : " (" + divisor + ")",
                  value));
    }
  }
}
