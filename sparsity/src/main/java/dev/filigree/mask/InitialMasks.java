package dev.filigree.mask;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.Location;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.Map;
import java.util.function.Function;

/**
 * Initial masks by the name they have in configuration files ({@code init_method}). A name holds
 * for the whole program, and once given it stays.
 */
public final class InitialMasks {
  private static final Registry<Function<ConfigMap, InitialMask>> NAMED =
      new Registry<>("initial mask");

  static {
    register("random", InitialMask.random());
    register("topk", InitialMask.topK());
    register("from_zeros", InitialMask.fromZeros());
    register("checkerboard", InitialMask.checkerboard());
    register("snip", Snip.class);
    register("grasp", Grasp.class);
    register("synflow", SynFlow.class);
  }

  private InitialMasks() {}

  /**
   * Gives a mask of one's own a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, InitialMask mask) {
    NAMED.register(name, block -> mask);
  }

  /**
   * Gives a mask with options a name: each component of the record is a key of {@code init_method:
   * {type: name, ...}}, and must be given unless it has a {@link dev.filigree.config.Default}.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static <M extends Record & InitialMask> void register(String name, Class<M> mask) {
    NAMED.register(name, block -> Records.read(block, mask));
  }

  /**
   * The mask of a name, with default options.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static InitialMask named(String name) {
    return NAMED.get(name).apply(new ConfigMap(new Location(name, 0, ""), Map.of()));
  }

  /**
   * The mask that a configuration names: {@code snip}, or {@code {type: snip, batches: 4}}.
   *
   * @throws dev.filigree.config.ConfigException for an unknown name, key or value
   */
  public static InitialMask parse(ConfigNode node) {
    if (!(node instanceof ConfigMap block)) {
      return NAMED.get(node).apply(new ConfigMap(node.location(), Map.of()));
    }
    InitialMask mask = NAMED.get(block.require("type")).apply(block);
    block.rejectUnknown();
    return mask;
  }
}
