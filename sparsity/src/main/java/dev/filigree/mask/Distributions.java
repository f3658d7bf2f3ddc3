package dev.filigree.mask;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Distributions by the name they have in configuration files ({@code distribution}). A name holds
 * for the whole program, and once given it stays.
 */
public final class Distributions {
  private static final Map<String, Distribution> NAMED = new ConcurrentSkipListMap<>();

  static {
    NAMED.put("uniform", Distribution.uniform());
    NAMED.put("er", Distribution.er());
    NAMED.put("erk", Distribution.erk());
    NAMED.put("global", Distribution.global());
  }

  private Distributions() {}

  /**
   * Gives a distribution of one's own a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, Distribution distribution) {
    if (NAMED.putIfAbsent(name, distribution) != null) {
      throw new IllegalArgumentException("there is a distribution '" + name + "' already");
    }
  }

  /**
   * The distribution of a name.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static Distribution named(String name) {
    Distribution distribution = NAMED.get(name);
    if (distribution == null) {
      throw new IllegalArgumentException(
          "no distribution '" + name + "'; there are " + String.join(", ", NAMED.keySet()));
    }
    return distribution;
  }
}
