package dev.filigree.mask;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Initial masks by the name they have in configuration files ({@code init_method}). A name holds
 * for the whole program, and once given it stays.
 */
public final class InitialMasks {
  private static final Map<String, InitialMask> NAMED = new ConcurrentSkipListMap<>();

  static {
    NAMED.put("random", InitialMask.random());
    NAMED.put("topk", InitialMask.topK());
    NAMED.put("from_zeros", InitialMask.fromZeros());
    NAMED.put("checkerboard", InitialMask.checkerboard());
  }

  private InitialMasks() {}

  /**
   * Gives a mask of one's own a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, InitialMask mask) {
    if (NAMED.putIfAbsent(name, mask) != null) {
      throw new IllegalArgumentException("there is an initial mask '" + name + "' already");
    }
  }

  /**
   * The mask of a name.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static InitialMask named(String name) {
    InitialMask mask = NAMED.get(name);
    if (mask == null) {
      throw new IllegalArgumentException(
          "no initial mask '" + name + "'; there are " + String.join(", ", NAMED.keySet()));
    }
    return mask;
  }
}
