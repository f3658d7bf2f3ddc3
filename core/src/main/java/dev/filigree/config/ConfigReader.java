package dev.filigree.config;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** Reads configuration: YAML (anchors and aliases included), JSON (which is YAML), or a map. */
public final class ConfigReader {
  private static final int MAX_BYTES = 4 << 20;
  private static final int MAX_DEPTH = 50;
  private static final int MAX_NODES = 100_000;

  private final String source;
  private int nodes;

  private ConfigReader(String source) {
    this.source = source;
  }

  /**
   * Reads a YAML or JSON file of at most 4 MiB.
   *
   * @throws ConfigException if the file cannot be read, is too large, nested too deeply or not
   *     valid YAML
   */
  public static ConfigNode read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new ConfigException(file + ": no such file");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new ConfigException(
            file + ": larger than the limit of " + (MAX_BYTES >> 20) + " MiB");
      }
      return parse(Files.readString(file), file.toString());
    } catch (IOException | UncheckedIOException e) {
      throw new ConfigException(file + ": cannot be read as UTF-8 text: " + e.getMessage());
    }
  }

  /**
   * Reads YAML or JSON text.
   *
   * @param source a name for the text in error messages
   * @throws ConfigException if the text is empty, too large, nested too deeply or not valid YAML,
   *     or a map has a key twice
   */
  public static ConfigNode parse(String text, String source) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source)
            .setMaxAliasesForCollections(1000)
            .setCodePointLimit(MAX_BYTES)
            // Python's dumps write True and False.
            .setSchema(new CoreSchema())
            .build();
    try {
      var parser = new ParserImpl(settings, new StreamReader(settings, new StringReader(text)));
      var root = new Composer(settings, parser).getSingleNode();
      if (root.isEmpty()) {
        throw new ConfigException(source + ": empty");
      }
      return new ConfigReader(source).convert(root.get(), new Location(source, 1, ""), 0);
    } catch (MarkedYamlEngineException e) {
      String line = e.getProblemMark().map(mark -> ":" + (mark.getLine() + 1)).orElse("");
      throw new ConfigException(source + line + ": not valid YAML: " + firstLine(e.getProblem()));
    } catch (YamlEngineException e) {
      throw new ConfigException(source + ": not valid YAML: " + firstLine(e.getMessage()));
    } catch (StackOverflowError e) {
      throw new ConfigException(source + ": nested too deeply");
    }
  }

  /**
   * Wraps plain Java values (String, Number, Boolean, null, List, Map) as nodes; any other object
   * is converted with {@code toString}.
   *
   * @param source a name for the values in error messages
   */
  public static ConfigNode of(@Nullable Object value, String source) {
    return wrap(value, new Location(source, 0, ""));
  }

  private static ConfigNode wrap(@Nullable Object value, Location location) {
    return switch (value) {
      case Map<?, ?> map -> {
        var entries = new LinkedHashMap<String, ConfigNode>();
        map.forEach(
            (key, item) ->
                entries.put(
                    String.valueOf(key), wrap(item, location.child(String.valueOf(key), 0))));
        yield new ConfigMap(location, entries);
      }
      case List<?> list -> {
        var items = new ArrayList<ConfigNode>();
        for (int i = 0; i < list.size(); i++) {
          items.add(wrap(list.get(i), location.child(String.valueOf(i), 0)));
        }
        yield new ConfigList(location, items);
      }
      case Double number -> new ConfigScalar(location, number);
      case Float number -> new ConfigScalar(location, Double.valueOf(number.toString()));
      case Number number -> new ConfigScalar(location, number.longValue());
      case Boolean flag -> new ConfigScalar(location, flag);
      case null -> new ConfigScalar(location, null);
      default -> new ConfigScalar(location, value.toString());
    };
  }

  private ConfigNode convert(Node node, Location location, int depth) {
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
      throw new ConfigException(location + ": too deep or too large");
    }
    return switch (node) {
      case MappingNode mapping -> {
        var entries = new LinkedHashMap<String, ConfigNode>();
        for (var tuple : mapping.getValue()) {
          if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
            throw new ConfigException(location + ": a key must be a single value");
          }
          String key = keyNode.getValue();
          Location child = location.child(key, line(keyNode));
          if (entries.put(key, convert(tuple.getValueNode(), child, depth + 1)) != null) {
            throw new ConfigException(child + ": given twice");
          }
        }
        yield new ConfigMap(location, entries);
      }
      case SequenceNode sequence -> {
        var items = new ArrayList<ConfigNode>();
        for (Node item : sequence.getValue()) {
          Location child = location.child(String.valueOf(items.size()), line(item));
          items.add(convert(item, child, depth + 1));
        }
        yield new ConfigList(location, items);
      }
      case ScalarNode scalar -> new ConfigScalar(location, value(scalar, location));
      default -> throw new ConfigException(source + ": unexpected node");
    };
  }

  private static @Nullable Object value(ScalarNode scalar, Location location) {
    Tag tag = scalar.getTag();
    String text = scalar.getValue();
    try {
      if (tag.equals(Tag.NULL)) {
        return null;
      }
      if (tag.equals(Tag.BOOL)) {
        return Boolean.valueOf(text);
      }
      if (tag.equals(Tag.INT)) {
        return integer(text);
      }
      if (tag.equals(Tag.FLOAT)) {
        return switch (text.toLowerCase(java.util.Locale.ROOT)) {
          case ".inf", "+.inf" -> Double.POSITIVE_INFINITY;
          case "-.inf" -> Double.NEGATIVE_INFINITY;
          case ".nan" -> Double.NaN;
          default -> Double.valueOf(text);
        };
      }
      return text;
    } catch (NumberFormatException e) {
      throw new ConfigException(location + ": the number does not fit into 64 bits: " + text);
    }
  }

  private static Long integer(String text) {
    if (text.startsWith("0x")) {
      return Long.valueOf(text.substring(2), 16);
    }
    return text.startsWith("0o") ? Long.valueOf(text.substring(2), 8) : Long.valueOf(text);
  }

  private static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }
}
