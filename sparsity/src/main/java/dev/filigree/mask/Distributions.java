package dev.filigree.mask;

import dev.filigree.config.Registry;

/**
 * Distributions by the name they have in configuration files ({@code distribution}). A name holds
 * for the whole program, and once given it stays.
 */
public final class Distributions {
  private static final Registry<Distribution> NAMED = new Registry<>("distribution");

  static {
    NAMED.register("uniform", Distribution.uniform());
    NAMED.register("er", Distribution.er());
    NAMED.register("erk", Distribution.erk());
    NAMED.register("global", Distribution.global());
  }

  private Distributions() {}

  /**
   * Gives a distribution of one's own a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, Distribution distribution) {
    NAMED.register(name, distribution);
  }

  /**
   * The distribution of a name.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static Distribution named(String name) {
    return NAMED.get(name);
  }
}
