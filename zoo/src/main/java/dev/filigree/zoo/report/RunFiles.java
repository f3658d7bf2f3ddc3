package dev.filigree.zoo.report;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The texts of a run's folder that its page shows. Any of them may be missing. */
final class RunFiles {
  /** What people write about a run, as plain text. */
  static final String NOTES = "notes.txt";

  /** Words to find runs by, one a line. */
  static final String TAGS = "tags.txt";

  static final String SAMPLE = "sample.txt";
  static final String CONFIG = "config.yaml";

  /** Every file whose change changes the page. */
  static final List<String> ALL = List.of(NOTES, TAGS, SAMPLE, CONFIG);

  /** Longer texts are cut: a page is for reading. */
  private static final int MOST_BYTES = 1 << 18;

  private final Path directory;

  RunFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * A text, without blank ends; empty where there is none. Bytes that are no UTF-8 are replaced.
   */
  String text(String name) throws IOException {
    Path file = directory.resolve(name);
    if (!isThere(file)) {
      return "";
    }
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      String text =
          new String(bytes, 0, Math.min(bytes.length, MOST_BYTES), StandardCharsets.UTF_8).strip();
      return bytes.length > MOST_BYTES ? text + "\n… cut at 256 KiB" : text;
    }
  }

  /** A link is none of the run's own texts: it could lead out of the folder into the page. */
  private static boolean isThere(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  List<String> tags() throws IOException {
    return text(TAGS).lines().map(String::strip).filter(tag -> !tag.isEmpty()).toList();
  }

  /**
   * The values of the configuration by their paths, such as {@code model.hidden_size}; empty where
   * it cannot be read.
   */
  Map<String, String> settings() {
    var settings = new TreeMap<String, String>();
    Path file = directory.resolve(CONFIG);
    if (isThere(file)) {
      try {
        flatten("", ConfigReader.read(file).toJava(), settings);
      } catch (ConfigException e) {
        settings.clear(); // the text of the file is shown as it is
      }
    }
    return settings;
  }

  private static void flatten(String path, @Nullable Object value, Map<String, String> settings) {
    switch (value) {
      case Map<?, ?> map ->
          map.forEach((key, inner) -> flatten(join(path, String.valueOf(key)), inner, settings));
      case List<?> list -> {
        boolean plain =
            list.stream().noneMatch(item -> item instanceof Map || item instanceof List);
        if (plain) {
          settings.put(path, list.toString());
        } else {
          for (int i = 0; i < list.size(); i++) {
            flatten(path + "[" + i + "]", list.get(i), settings);
          }
        }
      }
      case null -> settings.put(path, "null");
      default -> settings.put(path, value.toString());
    }
  }

  private static String join(String path, String key) {
    String name = path.isEmpty() ? key : path + "." + key;
    return name.equals("trainer") || name.equals("init") || name.equals("fit") ? "" : name;
  }
}
