package dev.filigree.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A map of nodes by key. It records which keys have been read, so that {@link #rejectUnknown} can
 * report a key that nothing reads: the reader of a block reads every key it knows, then rejects the
 * rest.
 */
public final class ConfigMap implements ConfigNode {
  private final Location location;
  private final Map<String, ConfigNode> entries;
  private final Set<String> known = new LinkedHashSet<>();
  private final Map<String, Object> defaults = new LinkedHashMap<>();
  private final Map<String, ConfigMap> missing = new LinkedHashMap<>();

  /**
   * Creates a map at a location, with nodes in the order of {@code entries}; no key counts as read.
   */
  public ConfigMap(Location location, Map<String, ConfigNode> entries) {
    this.location = location;
    this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }

  @Override
  public Location location() {
    return location;
  }

  /** All nodes by key, in the order of the file. Does not mark any key as read. */
  public Map<String, ConfigNode> entries() {
    return entries;
  }

  /** Whether the key is present, with or without a value. Marks it as known. */
  public boolean has(String key) {
    known.add(key);
    return entries.containsKey(key);
  }

  /** The node at a key; empty if the key is missing or has no value. Marks the key as known. */
  public Optional<ConfigNode> get(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key))
        .filter(node -> !(node instanceof ConfigScalar scalar && scalar.isNull()));
  }

  /** Adds a remark about the node at a key to a list; does nothing if the key is missing. */
  public void note(String key, String text, List<String> notes) {
    get(key).ifPresent(node -> notes.add(node.note(text)));
  }

  /**
   * The node at a key or at its alias; empty if neither has a value.
   *
   * @throws ConfigException if both are given
   */
  public Optional<ConfigNode> get(String key, String alias) {
    Optional<ConfigNode> first = get(key);
    Optional<ConfigNode> second = get(alias);
    if (first.isPresent() && second.isPresent()) {
      throw second.get().error("'" + alias + "' is another name for '" + key + "': give only one");
    }
    return first.or(() -> second);
  }

  /**
   * Builds an object from this block, usually by calling a record's constructor, and adds the
   * location to the exception if the values are rejected.
   *
   * @throws ConfigException if {@code record} throws an IllegalArgumentException: at the key that
   *     an {@link InvalidValue} names, otherwise at the block
   */
  public <R> R build(Supplier<R> record) {
    try {
      return record.get();
    } catch (InvalidValue e) {
      ConfigNode node = entries.get(e.key());
      String message = String.valueOf(e.getMessage());
      throw node == null ? error(message) : node.error(message.substring(e.key().length() + 2));
    } catch (IllegalArgumentException e) {
      throw error(String.valueOf(e.getMessage()));
    }
  }

  /**
   * The node at a key.
   *
   * @throws ConfigException if the key is missing or has no value
   */
  public ConfigNode require(String key) {
    return get(key).orElseThrow(() -> error("'" + key + "' is missing"));
  }

  /**
   * The map at a key; an empty one if the key is missing, so that defaults apply.
   *
   * @throws ConfigException if the value is not a map
   */
  public ConfigMap map(String key) {
    return get(key)
        .map(ConfigNode::asMap)
        .orElseGet(
            () ->
                missing.computeIfAbsent(
                    key, name -> new ConfigMap(location.child(name, location.line()), Map.of())));
  }

  /**
   * The text at a key.
   *
   * @throws ConfigException if it is missing or not a single value
   */
  public String string(String key) {
    return require(key).asString();
  }

  /**
   * The text at a key, or a default if the key is missing.
   *
   * @throws ConfigException if the value is not a single value
   */
  public String string(String key, String fallback) {
    return orDefault(key, ConfigNode::asString, fallback);
  }

  /**
   * The number at a key.
   *
   * @throws ConfigException if it is missing or not a number
   */
  public double number(String key) {
    return require(key).asDouble();
  }

  /**
   * The number at a key, or a default if the key is missing.
   *
   * @throws ConfigException if the value is not a number
   */
  public double number(String key, double fallback) {
    return orDefault(key, ConfigNode::asDouble, fallback);
  }

  /**
   * The integer at a key; {@code 1e6} counts as one.
   *
   * @throws ConfigException if it is missing or not an integer
   */
  public long integer(String key) {
    return require(key).asLong();
  }

  /**
   * The integer at a key, or a default if the key is missing.
   *
   * @throws ConfigException if the value is not an integer
   */
  public long integer(String key, long fallback) {
    return orDefault(key, ConfigNode::asLong, fallback);
  }

  /**
   * The boolean at a key, or a default if the key is missing.
   *
   * @throws ConfigException if the value is neither true nor false
   */
  public boolean flag(String key, boolean fallback) {
    return orDefault(key, ConfigNode::asBoolean, fallback);
  }

  private <T> T orDefault(String key, Function<ConfigNode, T> reader, T fallback) {
    return get(key)
        .map(reader)
        .orElseGet(
            () -> {
              defaults.put(key, fallback);
              return fallback;
            });
  }

  /** Records the default that a reader used for a missing key; see {@link #withDefaults}. */
  void took(String key, Object fallback) {
    defaults.put(key, fallback);
  }

  /** Marks keys as known that are read elsewhere or deliberately ignored. */
  public void allow(String... keys) {
    Collections.addAll(known, keys);
  }

  /**
   * Throws for the first key that has not been read.
   *
   * @throws ConfigException naming the key, its line, the nearest known key and all that are
   *     allowed
   */
  public void rejectUnknown() {
    rejectUnknown(key -> false);
  }

  /**
   * Throws for the first key that has neither been read nor is ignored.
   *
   * @param ignored accepts the keys that have no effect; the error does not list them
   * @throws ConfigException naming the key, its line, the nearest known key and all that are
   *     allowed
   */
  public void rejectUnknown(Predicate<String> ignored) {
    for (var entry : entries.entrySet()) {
      if (!known.contains(entry.getKey()) && !ignored.test(entry.getKey())) {
        String meant =
            NearestName.of(entry.getKey(), known)
                .map(nearest -> "did you mean " + nearest + "? ")
                .orElse("");
        throw entry
            .getValue()
            .error(
                "unknown key; "
                    + meant
                    + "allowed here: "
                    + String.join(", ", known.stream().sorted().toList()));
      }
    }
  }

  /**
   * The map as plain Java values, including the defaults that its readers used for missing keys.
   */
  public Map<String, @Nullable Object> withDefaults() {
    Map<String, @Nullable Object> map = toJava();
    map.putAll(defaults);
    missing.forEach(
        (key, block) -> {
          Map<String, @Nullable Object> values = block.withDefaults();
          if (!values.isEmpty()) {
            map.put(key, values);
          }
        });
    entries.forEach(
        (key, node) -> {
          if (node instanceof ConfigMap block) {
            map.put(key, block.withDefaults());
          }
        });
    return map;
  }

  @Override
  public Map<String, @Nullable Object> toJava() {
    var map = new LinkedHashMap<String, @Nullable Object>();
    entries.forEach((key, node) -> map.put(key, node.toJava()));
    return map;
  }

  @Override
  public String kind() {
    return "a map";
  }
}
