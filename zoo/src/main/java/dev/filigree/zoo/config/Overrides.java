package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Location;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a configuration from the command line, {@code loop.max_steps=100}: keys joined by
 * dots, list items by their index, a YAML value after the first "=". The leading {@code
 * trainer.init} or {@code trainer.fit} may be left out.
 */
final class Overrides {
  private static final String SOURCE = "-s";

  private Overrides() {}

  /**
   * A copy of a configuration with the overrides applied in their order.
   *
   * @throws ConfigException for an override without "=", with a value that is no YAML, or with a
   *     path that does not fit the configuration
   */
  static ConfigMap apply(ConfigMap root, List<String> overrides) {
    ConfigNode result = root;
    for (String override : overrides) {
      int equals = override.indexOf('=');
      if (equals < 1) {
        throw new ConfigException(
            SOURCE + " " + override + ": expected key.path=value, such as loop.max_steps=100");
      }
      List<String> path = List.of(fullPath(override.substring(0, equals).trim()).split("\\."));
      String text = override.substring(equals + 1).trim();
      ConfigNode value =
          text.isEmpty()
              ? new ConfigScalar(new Location(SOURCE, 0, ""), null)
              : ConfigReader.parse(text, SOURCE);
      result = set(result, root.location().path(), path, value);
    }
    return result.asMap();
  }

  /** The path from the root; a path that begins below it gets what it left out. */
  private static String fullPath(String path) {
    String first = path.split("\\.", 2)[0];
    if (RunConfigReader.INIT_KEYS.contains(first)) {
      return "trainer.init." + path;
    }
    if (RunConfigReader.FIT_KEYS.contains(first)) {
      return "trainer.fit." + path;
    }
    return RunConfigReader.TRAINER_KEYS.contains(first) ? "trainer." + path : path;
  }

  private static ConfigNode set(
      @Nullable ConfigNode node, String parent, List<String> path, ConfigNode value) {
    if (path.isEmpty()) {
      return relocate(value, parent);
    }
    String key = path.getFirst();
    List<String> rest = path.subList(1, path.size());
    String here = parent.isEmpty() ? key : parent + "." + key;
    Location location = node == null ? new Location(SOURCE, 0, parent) : node.location();
    return switch (node) {
      case ConfigList list -> {
        var items = new ArrayList<>(list.items());
        int index = index(key, items.size(), here);
        items.set(index, set(items.get(index), here, rest, value));
        yield new ConfigList(location, items);
      }
      case ConfigMap map -> {
        var entries = new LinkedHashMap<>(map.entries());
        entries.put(key, set(entries.get(key), here, rest, value));
        yield new ConfigMap(location, entries);
      }
      // A missing block, or a single value that becomes one.
      case null, default -> new ConfigMap(location, Map.of(key, set(null, here, rest, value)));
    };
  }

  private static int index(String key, int size, String here) {
    if (key.matches("\\d{1,6}") && Integer.parseInt(key) < size) {
      return Integer.parseInt(key);
    }
    throw new ConfigException(
        SOURCE + ": " + here + ": expected the index of a list item, 0 to " + (size - 1));
  }

  private static ConfigNode relocate(ConfigNode node, String path) {
    var location = new Location(SOURCE, 0, path);
    return switch (node) {
      case ConfigScalar scalar -> new ConfigScalar(location, scalar.value());
      case ConfigList list -> {
        var items = new ArrayList<ConfigNode>();
        for (ConfigNode item : list) {
          items.add(relocate(item, path + "." + items.size()));
        }
        yield new ConfigList(location, items);
      }
      case ConfigMap map -> {
        var entries = new LinkedHashMap<String, ConfigNode>();
        map.entries().forEach((key, item) -> entries.put(key, relocate(item, path + "." + key)));
        yield new ConfigMap(location, entries);
      }
    };
  }
}
