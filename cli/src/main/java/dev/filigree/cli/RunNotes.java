package dev.filigree.cli;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What people say of a run: files of its folder, which its page shows. */
final class RunNotes {
  @Option(
      names = "--tag",
      paramLabel = "WORD",
      description = "Goes to tags.txt of the run, which its page shows. Repeatable.")
  private List<String> tags = new ArrayList<>();

  @Option(
      names = "--note",
      paramLabel = "TEXT",
      description = "Goes to notes.txt of the run, which its page shows.")
  private @Nullable String note;

  /** The options again, for another process. */
  List<String> arguments() {
    var arguments = new ArrayList<String>();
    tags.forEach(tag -> arguments.addAll(List.of("--tag", tag)));
    if (note != null) {
      arguments.addAll(List.of("--note", note));
    }
    return arguments;
  }

  /** Adds them to those that the run has. */
  void write(Path directory) {
    try {
      if (!tags.isEmpty()) {
        var all = new LinkedHashSet<>(lines(directory.resolve("tags.txt")));
        all.addAll(tags);
        Durable.replace(directory.resolve("tags.txt"), String.join("\n", all) + "\n");
      }
      if (note != null) {
        var all = new ArrayList<>(lines(directory.resolve("notes.txt")));
        all.add(note);
        Durable.replace(directory.resolve("notes.txt"), String.join("\n", all) + "\n");
      }
    } catch (IOException e) {
      throw new UsageException(directory + ": notes cannot be written: " + Failures.reason(e));
    }
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }
}
