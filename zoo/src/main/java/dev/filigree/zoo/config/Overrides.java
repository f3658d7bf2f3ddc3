package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Location;
import dev.filigree.config.NearestName;
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
  static final String SOURCE = "-s";

  /** Keys with two names: an override takes the place of either. */
  private static final Map<String, String> ALIASES =
      Map.of(
          "lr", "learning_rate",
          "learning_rate", "lr",
          "type", "algorithm",
          "algorithm", "type",
          "schedule", "sparsity",
          "sparsity", "schedule");

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
      List<String> path = path(override.substring(0, equals).trim(), root);
      String text = override.substring(equals + 1).trim();
      ConfigNode value =
          text.isEmpty()
              ? new ConfigScalar(new Location(SOURCE, 0, ""), null)
              : ConfigReader.parse(text, SOURCE);
      result = set(result, root.location().path(), path, value);
    }
    return result.asMap();
  }

  /**
   * The keys from the root; a path that begins below it gets what it left out.
   *
   * @throws ConfigException for a path that begins elsewhere, with those that may be meant
   */
  private static List<String> path(String path, ConfigMap root) {
    String first = path.split("\\.", 2)[0];
    String full = path;
    if (RunConfigReader.INIT_KEYS.contains(first)) {
      full = "trainer.init." + path;
    } else if (RunConfigReader.FIT_KEYS.contains(first)) {
      full = "trainer.fit." + path;
    } else if (RunConfigReader.TRAINER_KEYS.contains(first)) {
      full = "trainer." + path;
    } else if (!RunConfigReader.ROOT_KEYS.contains(first)) {
      suggest(path, first, root);
    }
    return List.of(full.split("\\."));
  }

  /** Throws where the first key stands deeper in the configuration, or one like it does. */
  private static void suggest(String path, String first, ConfigMap root) {
    var places = new LinkedHashMap<String, List<String>>();
    collect(root, "", places);
    for (List<String> keys :
        List.of(
            RunConfigReader.INIT_KEYS, RunConfigReader.FIT_KEYS, RunConfigReader.TRAINER_KEYS)) {
      keys.forEach(key -> places.putIfAbsent(key, List.of(key)));
    }
    String meant =
        places.containsKey(first) ? first : NearestName.of(first, places.keySet()).orElse("");
    List<String> found = places.getOrDefault(meant, List.of());
    if (!found.isEmpty()) {
      String rest = path.substring(first.length());
      throw new ConfigException(
          SOURCE
              + ": "
              + path
              + ": unknown key; did you mean "
              + String.join(" or ", found.stream().limit(3).map(place -> place + rest).toList())
              + "?");
    }
  }

  /** Where each key stands, as an override would name it. */
  private static void collect(ConfigNode node, String path, Map<String, List<String>> places) {
    switch (node) {
      case ConfigScalar _ -> {}
      case ConfigList list -> {
        for (int i = 0; i < list.items().size(); i++) {
          collect(list.items().get(i), path + "." + i, places);
        }
      }
      case ConfigMap map ->
          map.entries()
              .forEach(
                  (key, item) -> {
                    String here = path.isEmpty() ? key : path + "." + key;
                    places
                        .computeIfAbsent(key, any -> new ArrayList<>())
                        .add(here.replaceFirst("^trainer\\.(init|fit)\\.", ""));
                    collect(item, here, places);
                  });
    }
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
        String alias = ALIASES.get(key);
        String there = alias != null && entries.containsKey(alias) ? alias : key;
        entries.put(there, set(entries.get(there), here, rest, value));
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
