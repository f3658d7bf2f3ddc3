package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import dev.filigree.zoo.report.LineChart.Point;
import dev.filigree.zoo.report.LineChart.Series;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes {@code report.html}: one file that needs no other, made from what a run directory holds
 * ({@code config.yaml}, {@code metrics.jsonl}, {@code sample.txt}, {@code pictures/masks/}). Any of
 * them may be missing, and the metrics of a run that was killed may end within a line.
 */
public final class RunReport {
  private static final int WIDE = 1080;
  private static final int HALF = 560;

  private final Path runDir;
  private final RunMetrics metrics;

  private RunReport(Path runDir) throws IOException {
    this.runDir = runDir;
    this.metrics = RunMetrics.read(runDir.resolve("metrics.jsonl"));
  }

  /** Writes the report and its pictures, replacing older ones; returns the HTML file. */
  public static Path write(Path runDir) throws IOException {
    Path file = runDir.resolve("report.html");
    var report = new RunReport(runDir);
    Durable.replace(
        file,
        Page.html(
            runDir.toAbsolutePath().normalize().getFileName().toString(),
            report.subtitle(),
            report.body()));
    return file;
  }

  private String subtitle() {
    return Stream.of("execution", "device")
        .map(key -> metrics.end().path(key).asText())
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(" on "));
  }

  private String body() throws IOException {
    return notes()
        + new SummaryTiles(metrics).html()
        + loss()
        + "<div class=\"pair\">"
        + trainChart(
            "Learning rate", "learning-rate", Figures::significant, RunMetrics.Train::learningRate)
        + trainChart(
            Figures.sentence(metrics.unit() + "s a second"),
            "speed",
            Figures::compact,
            RunMetrics.Train::positionsPerSecond)
        + trainChart("Sparsity", "sparsity", Figures::shortPercent, RunMetrics.Train::sparsity)
        + trainChart(
            "Gradient norm", "gradient-norm", Figures::significant, RunMetrics.Train::gradientNorm)
        + "</div>"
        + updates()
        + layers()
        + masks()
        + text("What the model writes", "sample.txt")
        + configuration();
  }

  private String notes() {
    var out = new StringBuilder();
    if (!metrics.ended()) {
      out.append(note("The run has not ended, or was killed: this is what it left so far."));
    }
    if (metrics.unreadable() > 0) {
      out.append(
          note("Lines of metrics.jsonl that could not be read: " + metrics.unreadable() + "."));
    }
    if (metrics.skippedSteps() > 0) {
      out.append(
          note("Steps skipped because a gradient was not finite: " + metrics.skippedSteps() + "."));
    }
    return out.toString();
  }

  private static String note(String text) {
    return "<p class=\"note\">" + text + "</p>\n";
  }

  private String loss() throws IOException {
    var raw = new Series("", "faint", points(RunMetrics.Train::loss));
    var lines = new ArrayList<>(List.of(raw, raw.smoothed("training", "s1")));
    metrics.evals().stream()
        .collect(Collectors.groupingBy(RunMetrics.Eval::dataset, TreeMap::new, Collectors.toList()))
        .forEach((dataset, evals) -> lines.add(validation(dataset, evals, lines.size())));
    return chart("Loss", "loss", new LineChart(WIDE, 320, Figures::significant, lines));
  }

  private static Series validation(String dataset, List<RunMetrics.Eval> evals, int colour) {
    return new Series(
        ("validation " + dataset).strip(),
        "s" + Math.min(colour, LineChart.COLOURS),
        evals.stream().map(eval -> new Point(eval.step(), eval.loss())).toList());
  }

  private String trainChart(
      String title,
      String file,
      DoubleFunction<String> format,
      ToDoubleFunction<RunMetrics.Train> value)
      throws IOException {
    var series = new Series("", "s1", points(value));
    return chart(title, file, new LineChart(HALF, 220, format, List.of(series)));
  }

  private String chart(String title, String file, LineChart chart) throws IOException {
    if (chart.isEmpty()) {
      return "";
    }
    String svg = chart.svg(title);
    Page.writeChart(runDir.resolve("pictures").resolve(file + ".svg"), svg);
    return Page.card(title, chart.legend(), svg);
  }

  private List<Point> points(ToDoubleFunction<RunMetrics.Train> value) {
    return metrics.train().stream()
        .map(row -> new Point(row.step(), value.applyAsDouble(row)))
        .toList();
  }

  private String updates() throws IOException {
    var chart = new UpdateChart(metrics.updates());
    if (chart.isEmpty()) {
      return "";
    }
    String svg = chart.svg();
    Page.writeChart(runDir.resolve("pictures").resolve("mask-updates.svg"), svg);
    String legend =
        "<div class=\"legend\"><span class=\"key swatch grown\"><i></i>grown</span>"
            + "<span class=\"key swatch dropped\"><i></i>dropped</span></div>";
    String table =
        "<details><summary>The last updates</summary><table><tr><th>step</th><th>dropped</th>"
            + "<th>grown</th><th>kept</th></tr>"
            + UpdateChart.rows(metrics.updates())
            + "</table></details>";
    return Page.card("Mask updates", legend, svg + table);
  }

  private String layers() {
    List<RunMetrics.FinalSparsity> layers = metrics.layers();
    return layers.isEmpty() ? "" : Page.card("Sparsity of each layer", "", LayerBars.html(layers));
  }

  private String masks() throws IOException {
    String legend =
        "<div class=\"legend\"><span class=\"key swatch kept\"><i></i>kept</span>"
            + "<span class=\"key swatch grown\"><i></i>grown</span>"
            + "<span class=\"key swatch dropped\"><i></i>dropped</span></div>";
    return Page.card("Masks", legend, new MaskGallery(runDir).html());
  }

  private String text(String title, String name) throws IOException {
    Path file = runDir.resolve(name);
    return Files.exists(file)
        ? Page.card(title, "", "<pre>" + Html.escape(read(file).strip()) + "</pre>")
        : "";
  }

  private String configuration() throws IOException {
    Path file = runDir.resolve("config.yaml");
    return Files.exists(file)
        ? "<section class=\"card\"><details><summary>Configuration</summary><pre>"
            + Html.escape(read(file).strip())
            + "</pre></details></section>\n"
        : "";
  }

  /** Bytes that are no UTF-8 are replaced, not refused. */
  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }
}
