package dev.filigree.config;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * What configurations can refer to by name, ignoring case. Everything that users can add to
 * (algorithms, schedules, models, data processors, optimizers, tasks) has a registry.
 *
 * <p>Safe for use by several threads.
 *
 * @param <T> the type of the registered values
 */
public final class Registry<T> {
  private final String kind;
  private final NavigableMap<String, T> entries = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /**
   * Creates an empty registry.
   *
   * @param kind what to call an entry in error messages, such as "algorithm"
   */
  public Registry(String kind) {
    this.kind = kind;
  }

  /**
   * Registers a value under a name.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public synchronized void register(String name, T value) {
    if (entries.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException(
          "the " + kind + " '" + entries.floorKey(name) + "' is already registered");
    }
  }

  /**
   * The value registered under a name, ignoring case.
   *
   * @throws IllegalArgumentException if the name is unknown, listing those that are allowed
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
   * The value registered under the name that a node holds, ignoring case.
   *
   * @throws ConfigException if the name is unknown, with its location and the names that are
   *     allowed
   */
  public T get(ConfigNode name) {
    try {
      return get(name.asString());
    } catch (IllegalArgumentException e) {
      throw name.error(String.valueOf(e.getMessage()));
    }
  }

  /** Whether a name is registered, ignoring case. */
  public synchronized boolean contains(String name) {
    return entries.containsKey(name);
  }

  /**
   * The spelling under which a name was registered.
   *
   * @throws IllegalArgumentException if the name is unknown, listing those that are allowed
   */
  public synchronized String nameOf(String name) {
    get(name);
    return entries.floorKey(name);
  }

  /** The registered names in alphabetical order, as an unmodifiable snapshot. */
  public synchronized Set<String> names() {
    return Collections.unmodifiableSet(new LinkedHashSet<>(entries.keySet()));
  }
}
