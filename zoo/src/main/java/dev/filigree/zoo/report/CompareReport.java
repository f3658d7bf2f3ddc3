package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import dev.filigree.zoo.report.LineChart.Point;
import dev.filigree.zoo.report.LineChart.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

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

  private CompareReport() {}

  /** Writes the report into a folder; returns the HTML file. */
  public static Path write(Path directory, List<Method> methods) throws IOException {
    var validation = new ArrayList<Series>();
    var training = new ArrayList<Series>();
    String unit = "token";
    for (int i = 0; i < methods.size(); i++) {
      String style = "s" + (i % LineChart.COLOURS + 1);
      Method method = methods.get(i);
      var evals = new TreeMap<Long, List<Double>>();
      var losses = new TreeMap<Long, List<Double>>();
      for (Path run : method.runs()) {
        RunMetrics metrics = RunMetrics.read(run.resolve("metrics.jsonl"));
        unit = metrics.unit();
        metrics.evals().forEach(eval -> add(evals, eval.step(), eval.loss()));
        metrics.train().forEach(row -> add(losses, row.step(), row.loss()));
      }
      validation.add(new Series(method.name(), style, means(evals)));
      training.add(new Series(method.name(), style, means(losses)).smoothed(method.name(), style));
    }
    String body =
        Page.card("Results", "", table(methods, unit))
            + chart(directory, "Validation loss, mean over the seeds", "validation", validation)
            + chart(directory, "Training loss, smoothed", "training", training);
    Path file = directory.resolve("compare.html");
    Durable.replace(file, Page.html(name(directory), "methods compared", body));
    return file;
  }

  private static String name(Path directory) {
    return directory.toAbsolutePath().normalize().getFileName().toString();
  }

  private static void add(Map<Long, List<Double>> values, long step, double value) {
    values.computeIfAbsent(step, _ -> new ArrayList<>()).add(value);
  }

  private static List<Point> means(Map<Long, List<Double>> values) {
    return values.entrySet().stream()
        .map(entry -> new Point(entry.getKey(), Statistic.of(entry.getValue()).mean()))
        .toList();
  }

  private static String chart(Path directory, String title, String file, List<Series> series)
      throws IOException {
    var chart = new LineChart(1080, 320, Figures::significant, series);
    if (chart.isEmpty()) {
      return "";
    }
    String svg = chart.svg(title);
    Page.writeChart(directory.resolve("pictures").resolve(file + ".svg"), svg);
    return Page.card(title, chart.legend(), svg);
  }

  private static String table(List<Method> methods, String unit) {
    boolean text = unit.equals("token");
    String quality = text ? "<th>perplexity</th>" : "";
    return methods.stream()
        .map(
            method ->
                "<tr><td>%s</td><td>%d</td><td>%s</td><td>%s ± %s</td>%s<td>%s ± %s</td></tr>"
                    .formatted(
                        Html.escape(method.name()),
                        method.runs().size(),
                        Figures.percent(method.sparsity()),
                        Figures.fixed(method.validationLoss().mean(), 4),
                        Figures.fixed(method.validationLoss().deviation(), 4),
                        text
                            ? "<td>%s</td>"
                                .formatted(
                                    Figures.significant(Math.exp(method.validationLoss().mean())))
                            : "",
                        Figures.compact(method.positionsPerSecond().mean()),
                        Figures.compact(method.positionsPerSecond().deviation())))
        .collect(
            Collectors.joining(
                "\n",
                "<table><tr><th>method</th><th>seeds</th><th>sparsity</th><th>validation loss</th>"
                    + quality
                    + "<th>%ss a second</th></tr>".formatted(unit),
                "</table>"));
  }
}
