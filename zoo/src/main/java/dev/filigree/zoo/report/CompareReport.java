package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes {@code compare.html}: runs of several methods side by side. */
public final class CompareReport {
  /**
   * A run.
   *
   * @param name for people
   * @param directory of the run
   */
  public record Run(String name, Path directory) {}

  /**
   * The runs of a method.
   *
   * @param runs one a seed
   * @param summary over the seeds
   */
  public record Method(String name, List<Run> runs, MethodSummary summary) {
    public Method {
      runs = List.copyOf(runs);
    }
  }

  /** The file's name. */
  public static final String NAME = "compare.html";

  private CompareReport() {}

  /**
   * Writes the report into a folder, with a link to the report of each run below it; returns the
   * HTML file.
   *
   * @param equal what was the same for all, a sentence each
   */
  public static Path write(Path directory, List<String> equal, List<Method> methods)
      throws IOException {
    var runs = new ArrayList<Map<String, ?>>();
    var groups = new ArrayList<Map<String, ?>>();
    for (Method method : methods) {
      var members = new ArrayList<Integer>();
      for (Run run : method.runs()) {
        members.add(runs.size());
        runs.add(content(directory, run));
      }
      groups.add(
          Map.of("name", method.name(), "runs", members, "summary", method.summary().toMap()));
    }
    Path file = directory.resolve(NAME);
    Durable.replace(
        file,
        Page.frozen(
            RunContent.name(directory), Map.of("runs", runs, "groups", groups, "equal", equal)));
    return file;
  }

  private static Map<String, @Nullable Object> content(Path directory, Run run) throws IOException {
    Map<String, @Nullable Object> content =
        new RunContent(run.directory(), Clock.systemUTC()).now();
    content.put("masks", List.of()); // they are in the run's own report
    content.put("name", run.name());
    content.put(
        "link",
        directory
            .toAbsolutePath()
            .relativize(run.directory().resolve(RunReport.NAME).toAbsolutePath())
            .toString()
            .replace('\\', '/'));
    return content;
  }
}
