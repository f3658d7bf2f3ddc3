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
 * A map of nodes by key. It remembers which keys were read, so that {@link #rejectUnknown} can name
 * a key that nothing reads and say what is allowed: whoever reads a block reads every key it knows,
 * then rejects the rest.
 */
public final class ConfigMap implements ConfigNode {
  private final Location location;
  private final Map<String, ConfigNode> entries;
  private final Set<String> known = new LinkedHashSet<>();
  private final Map<String, Object> defaults = new LinkedHashMap<>();
  private final Map<String, ConfigMap> missing = new LinkedHashMap<>();

  /** A map at a location, with nodes in the order of {@code entries}; none counts as read. */
  public ConfigMap(Location location, Map<String, ConfigNode> entries) {
    this.location = location;
    this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }

  @Override
  public Location location() {
    return location;
  }

  /** All nodes by key, in the order of the file; reading them here marks no key as read. */
  public Map<String, ConfigNode> entries() {
    return entries;
  }

  /** Whether the key is there, with a value or without. */
  public boolean has(String key) {
    known.add(key);
    return entries.containsKey(key);
  }

  /** The node at a key; empty where the key is missing or has no value. */
  public Optional<ConfigNode> get(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key))
        .filter(node -> !(node instanceof ConfigScalar scalar && scalar.isNull()));
  }

  /** Adds a line to notes about the node at a key; none where the key is missing. */
  public void note(String key, String text, List<String> notes) {
    get(key).ifPresent(node -> notes.add(node.note(text)));
  }

  /** The node at a key or at its alias; giving both is an error. */
  public Optional<ConfigNode> get(String key, String alias) {
    Optional<ConfigNode> first = get(key);
    Optional<ConfigNode> second = get(alias);
    if (first.isPresent() && second.isPresent()) {
      throw second.get().error("'" + alias + "' is another name of '" + key + "': give one");
    }
    return first.or(() -> second);
  }

  /**
   * What a record's constructor or the like makes of the block; what it refuses gets the place it
   * came from.
   *
   * @throws ConfigException naming the key where the {@link InvalidValue} does, the block otherwise
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
   * @throws ConfigException where the key is missing or has no value
   */
  public ConfigNode require(String key) {
    return get(key).orElseThrow(() -> error("'" + key + "' is missing"));
  }

  /** The map at a key; an empty one where the key is missing, so that defaults apply. */
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
   * @throws ConfigException where it is missing, or no text
   */
  public String string(String key) {
    return require(key).asString();
  }

  /** The text at a key; the fallback where the key is missing. */
  public String string(String key, String fallback) {
    return orDefault(key, ConfigNode::asString, fallback);
  }

  /**
   * The number at a key.
   *
   * @throws ConfigException where it is missing, or no number
   */
  public double number(String key) {
    return require(key).asDouble();
  }

  /** The number at a key; the fallback where the key is missing. */
  public double number(String key, double fallback) {
    return orDefault(key, ConfigNode::asDouble, fallback);
  }

  /**
   * The whole number at a key.
   *
   * @throws ConfigException where it is missing, or no whole number
   */
  public long integer(String key) {
    return require(key).asLong();
  }

  /** The whole number at a key; the fallback where the key is missing. */
  public long integer(String key, long fallback) {
    return orDefault(key, ConfigNode::asLong, fallback);
  }

  /** True or false at a key; the fallback where the key is missing. */
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

  /** Remembers what a reader took for a key that is not there; see {@link #withDefaults}. */
  void took(String key, Object fallback) {
    defaults.put(key, fallback);
  }

  /** Marks keys as known that are read elsewhere or left out on purpose. */
  public void allow(String... keys) {
    Collections.addAll(known, keys);
  }

  /**
   * Throws for the first key that was never read.
   *
   * @throws ConfigException naming the key, its line, the keys that are allowed and the nearest
   */
  public void rejectUnknown() {
    rejectUnknown(key -> false);
  }

  /**
   * Throws for the first key that was never read and may not be ignored.
   *
   * @param ignored says which keys have no effect; the error does not list them
   * @throws ConfigException naming the key, its line, the keys that are allowed and the nearest
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

  /** The map as plain Java, with the values that its readers took for keys that it lacks. */
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
