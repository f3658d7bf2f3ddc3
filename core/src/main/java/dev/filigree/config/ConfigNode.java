package dev.filigree.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A node of a configuration: a scalar, a list or a map, with its location. */
public sealed interface ConfigNode permits ConfigScalar, ConfigList, ConfigMap {
  /** The location of the node: file, line and key. */
  Location location();

  /** The node as a plain Java value: String, Long, Double, Boolean, null, List or LinkedHashMap. */
  @Nullable Object toJava();

  /** A description of this node for error messages: "a map", "the text 'x'", "3", ... */
  String kind();

  /** Creates, but does not throw, an exception about this node: its location, then the message. */
  default ConfigException error(String message) {
    return new ConfigException(location() + ": " + message);
  }

  /** A remark about this node: its location, then the text. */
  default String note(String text) {
    return location() + ": " + text;
  }

  /**
   * The node as a map.
   *
   * @throws ConfigException if it is not a map
   */
  default ConfigMap asMap() {
    if (this instanceof ConfigMap map) {
      return map;
    }
    throw error("expected a map, found " + kind());
  }

  /**
   * The node as a single value.
   *
   * @throws ConfigException if it is a list or a map
   */
  default ConfigScalar asScalar() {
    if (this instanceof ConfigScalar scalar) {
      return scalar;
    }
    throw error("expected a single value, found " + kind());
  }

  /** The node itself if it is a list, otherwise a list that contains only this node. */
  default ConfigList asList() {
    return this instanceof ConfigList list
        ? list
        : new ConfigList(location(), java.util.List.of(this));
  }

  /**
   * The node as text; numbers and booleans are converted.
   *
   * @throws ConfigException if it is a list or a map, or has no value
   */
  default String asString() {
    return asScalar().string();
  }

  /**
   * The node as a path.
   *
   * @throws ConfigException if it is not a single value, or not a valid path
   */
  default Path asPath() {
    try {
      return Path.of(asString());
    } catch (InvalidPathException e) {
      throw error("expected a path: " + e.getReason());
    }
  }

  /**
   * The node as a number.
   *
   * @throws ConfigException if it is not a number
   */
  default double asDouble() {
    return asScalar().number();
  }

  /**
   * The node as an integer; a floating-point number without a fraction, such as {@code 1e6}, counts
   * as one.
   *
   * @throws ConfigException if it is not an integer
   */
  default long asLong() {
    return asScalar().integer();
  }

  /**
   * The node as a boolean.
   *
   * @throws ConfigException if it is neither true nor false
   */
  default boolean asBoolean() {
    return asScalar().flag();
  }

  /**
   * The constant of an enum with this name, ignoring case.
   *
   * @throws ConfigException if there is no such constant, listing those that are allowed
   */
  default <E extends Enum<E>> E asEnum(Class<E> type) {
    var allowed = new ArrayList<String>();
    for (E constant : Objects.requireNonNull(type.getEnumConstants())) {
      if (constant.name().equalsIgnoreCase(asString())) {
        return constant;
      }
      allowed.add(constant.name().toLowerCase(Locale.ROOT));
    }
    throw error("allowed: " + String.join(", ", allowed) + "; found " + kind());
  }
}
