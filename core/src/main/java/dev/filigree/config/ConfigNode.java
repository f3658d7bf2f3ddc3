package dev.filigree.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A node of a configuration: a scalar, a list or a map, and where it stands. */
public sealed interface ConfigNode permits ConfigScalar, ConfigList, ConfigMap {
  /** Where the node stands: file, line and key. */
  Location location();

  /** The node as plain Java: String, Long, Double, Boolean, null, List or LinkedHashMap. */
  @Nullable Object toJava();

  /** A name for what this node is, for error messages: "a number", "a map", ... */
  String kind();

  /** The error to throw for this node: its location, then the message. */
  default ConfigException error(String message) {
    return new ConfigException(location() + ": " + message);
  }

  /** A line for readers of the configuration, about this node: its location, then the text. */
  default String note(String text) {
    return location() + ": " + text;
  }

  /**
   * The node as a map.
   *
   * @throws ConfigException for a node of another kind, naming its place
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
   * @throws ConfigException for a node of another kind, naming its place
   */
  default ConfigScalar asScalar() {
    if (this instanceof ConfigScalar scalar) {
      return scalar;
    }
    throw error("expected a single value, found " + kind());
  }

  /** A list as it is; a single value or map as a list of one. */
  default ConfigList asList() {
    return this instanceof ConfigList list
        ? list
        : new ConfigList(location(), java.util.List.of(this));
  }

  /**
   * The node as text.
   *
   * @throws ConfigException for a node of another kind, naming its place
   */
  default String asString() {
    return asScalar().string();
  }

  /**
   * The node as a path.
   *
   * @throws ConfigException for a node of another kind, naming its place
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
   * @throws ConfigException for a node of another kind, naming its place
   */
  default double asDouble() {
    return asScalar().number();
  }

  /**
   * The node as a whole number.
   *
   * @throws ConfigException for a node of another kind, naming its place
   */
  default long asLong() {
    return asScalar().integer();
  }

  /**
   * The node as true or false.
   *
   * @throws ConfigException for a node of another kind, naming its place
   */
  default boolean asBoolean() {
    return asScalar().flag();
  }

  /**
   * The constant of an enum that a text names, in any case.
   *
   * @throws ConfigException for another text, with those that are allowed
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
