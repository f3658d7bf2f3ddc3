package dev.filigree.cli.compare;

import dev.filigree.io.Json;
import dev.filigree.zoo.config.RunConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Blocks of a configuration as plain Java, with all defaults. */
final class ConfigBlocks {
  private ConfigBlocks() {}

  /** A block of {@code trainer.init} that is a map; an empty one where it is something else. */
  static Map<String, Object> init(RunConfig config, String key) {
    return map(value(config, key));
  }

  /** Any block of {@code trainer.init}. */
  static @Nullable Object value(RunConfig config, String key) {
    return map(map(config.toConfig().get("trainer")).get("init")).get(key);
  }

  /** A change as the command line has it; nothing after the "=" takes the value away. */
  static String override(String path, @Nullable Object value) {
    return path + "=" + (value == null ? "" : Json.line(value));
  }

  /**
   * Puts a value at a path of keys. A number that takes the place of a schedule changes where the
   * schedule begins.
   */
  static void put(Map<String, @Nullable Object> block, String path, @Nullable Object value) {
    int dot = path.indexOf('.');
    String key = dot < 0 ? path : path.substring(0, dot);
    if (dot >= 0) {
      Map<String, @Nullable Object> inner = new LinkedHashMap<>(map(block.get(key)));
      put(inner, path.substring(dot + 1), value);
      block.put(key, inner);
    } else if (value instanceof Number && map(block.get(key)).containsKey("init")) {
      Map<String, @Nullable Object> schedule = new LinkedHashMap<>(map(block.get(key)));
      schedule.put("init", value);
      block.put(key, schedule);
    } else {
      block.put(key, value);
    }
  }

  private static Map<String, Object> map(@Nullable Object value) {
    var map = new LinkedHashMap<String, Object>();
    if (value instanceof Map<?, ?> given) {
      given.forEach(
          (key, inner) -> {
            if (inner != null) {
              map.put(String.valueOf(key), inner);
            }
          });
    }
    return map;
  }
}
