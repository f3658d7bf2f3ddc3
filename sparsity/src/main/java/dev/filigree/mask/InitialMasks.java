package dev.filigree.mask;

import dev.filigree.config.Registry;

/**
 * Initial masks by the name they have in configuration files ({@code init_method}). A name holds
 * for the whole program, and once given it stays.
 */
public final class InitialMasks {
  private static final Registry<InitialMask> NAMED = new Registry<>("initial mask");

  static {
    NAMED.register("random", InitialMask.random());
    NAMED.register("topk", InitialMask.topK());
    NAMED.register("from_zeros", InitialMask.fromZeros());
    NAMED.register("checkerboard", InitialMask.checkerboard());
  }

  private InitialMasks() {}

  /**
   * Gives a mask of one's own a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, InitialMask mask) {
    NAMED.register(name, mask);
  }

  /**
   * The mask of a name.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static InitialMask named(String name) {
    return NAMED.get(name);
  }
}
