package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes {@code compare.html}: runs of several methods side by side. */
public final class CompareReport {
  /**
   * The runs of a method.
   *
   * @param runs run directories, one a seed
   * @param validationLoss over the seeds, nats a token or a picture
   * @param positionsPerSecond tokens or pictures, over the seeds
   * @param sparsity counted at the end, a fraction
   */
  public record Method(
      String name,
      List<Path> runs,
      Statistic validationLoss,
      Statistic positionsPerSecond,
      double sparsity) {
    public Method {
      runs = List.copyOf(runs);
    }
  }

  /** Mean and sample standard deviation; 0 for a single value. */
  public record Statistic(double mean, double deviation) {
    public static Statistic of(List<Double> values) {
      double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
      double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
      return new Statistic(mean, values.size() < 2 ? 0 : Math.sqrt(squares / (values.size() - 1)));
    }
  }

  /** The file's name. */
  public static final String NAME = "compare.html";

  private CompareReport() {}

  /**
   * Writes the report into a folder, with a link to the report of each run below it; returns the
   * HTML file.
   */
  public static Path write(Path directory, List<Method> methods) throws IOException {
    var runs = new ArrayList<Map<String, ?>>();
    var groups = new ArrayList<Map<String, ?>>();
    for (Method method : methods) {
      var members = new ArrayList<Integer>();
      for (Path run : method.runs()) {
        members.add(runs.size());
        var content = new RunContent(run, Clock.systemUTC()).now();
        content.put("masks", List.of()); // they are in the run's own report
        runs.add(content);
      }
      groups.add(Map.of("name", method.name(), "runs", members));
    }
    Path file = directory.resolve(NAME);
    Durable.replace(
        file, Page.frozen(RunContent.name(directory), Map.of("runs", runs, "groups", groups)));
    return file;
  }
}
