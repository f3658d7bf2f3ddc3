package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.io.Durable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The folder of a comparison: {@code plan.txt} says which one it is. */
public final class ComparisonFolder {
  static final String PLAN = "plan.txt";

  private ComparisonFolder() {}

  /**
   * Makes the folder, or checks that what is in it belongs to the same comparison.
   *
   * @throws ConfigException when it is another one, or runs are in it of which nothing says what
   *     they are
   */
  public static void open(Path directory, ComparisonPlan plan) throws IOException {
    String text = PlannedRuns.settings(plan);
    Path file = directory.resolve(PLAN);
    if (!Files.exists(file)) {
      if (holdsFolders(directory)) { // of runs, it may be, whose settings nobody knows
        throw new ConfigException(
            "%s: holds folders, but no %s that says of which comparison; give another --out"
                .formatted(directory, PLAN));
      }
      Files.createDirectories(directory);
      Durable.replace(file, text);
      return;
    }
    List<String> before = Files.readString(file, StandardCharsets.UTF_8).lines().toList();
    List<String> now = text.lines().toList();
    if (!before.equals(now)) {
      String line =
          now.stream().filter(each -> !before.contains(each)).findFirst().orElse("a line less");
      throw new ConfigException(
          "%s: holds another comparison; this one has: %s; give another --out"
              .formatted(directory, line.strip()));
    }
  }

  private static boolean holdsFolders(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.anyMatch(Files::isDirectory);
    }
  }
}
