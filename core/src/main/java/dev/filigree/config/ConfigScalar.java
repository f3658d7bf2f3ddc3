package dev.filigree.config;

import org.jspecify.annotations.Nullable;

/**
 * A single value.
 *
 * @param location where the value stands
 * @param value String, Long, Double, Boolean or null
 */
public record ConfigScalar(Location location, @Nullable Object value) implements ConfigNode {
  boolean isNull() {
    return value == null;
  }

  String string() {
    if (value == null) {
      throw error("expected a text, found nothing");
    }
    return value.toString();
  }

  double number() {
    return switch (value) {
      case Long integer -> integer;
      case Double number -> number;
      case null, default -> throw error("expected a number, found " + kind());
    };
  }

  /** An integer; a floating-point number without a fraction (1e6) is one too. */
  long integer() {
    return switch (value) {
      case Long integer -> integer;
      case Double number when number == Math.rint(number) && Math.abs(number) < 1e15 ->
          number.longValue();
      case null, default -> throw error("expected an integer, found " + kind());
    };
  }

  boolean flag() {
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw error("expected true or false, found " + kind());
  }

  @Override
  public @Nullable Object toJava() {
    return value;
  }

  @Override
  public String kind() {
    return switch (value) {
      case null -> "nothing";
      case String text -> "the text '" + text + "'";
      default -> value.toString();
    };
  }
}
