package dev.filigree.config;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * What configurations can name, by names of any case. Everything that users may add to (algorithms,
 * schedules, models, data processors, optimizers, tasks) is one of these.
 *
 * <p>Safe for use by several threads.
 *
 * @param <T> what the names stand for
 */
public final class Registry<T> {
  private final String kind;
  private final NavigableMap<String, T> entries = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /**
   * An empty registry.
   *
   * @param kind what its entries are called in errors: "algorithm"
   */
  public Registry(String kind) {
    this.kind = kind;
  }

  /**
   * Makes a name known.
   *
   * @throws IllegalArgumentException when it is taken
   */
  public synchronized void register(String name, T value) {
    if (entries.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException(
          "the " + kind + " '" + entries.floorKey(name) + "' is registered already");
    }
  }

  /**
   * What a name stands for.
   *
   * @throws IllegalArgumentException for an unknown name, with those that are allowed
   */
  public synchronized T get(String name) {
    T value = entries.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "unknown " + kind + " '" + name + "'; allowed: " + String.join(", ", entries.keySet()));
    }
    return value;
  }

  /**
   * What the name in a node stands for.
   *
   * @throws ConfigException for an unknown name, with its place and those that are allowed
   */
  public T get(ConfigNode name) {
    try {
      return get(name.asString());
    } catch (IllegalArgumentException e) {
      throw name.error(String.valueOf(e.getMessage()));
    }
  }

  /** Whether a name is known. */
  public synchronized boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** The name as it was registered, for one of any case. */
  public synchronized String nameOf(String name) {
    get(name);
    return entries.floorKey(name);
  }

  /** The known names, in the order of the alphabet. */
  public synchronized Set<String> names() {
    return Collections.unmodifiableSet(new LinkedHashSet<>(entries.keySet()));
  }
}
