package dev.filigree.cli.compare;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.cli.compare.ComparisonPlan.Result;
import dev.filigree.io.Json;
import dev.filigree.zoo.report.CompareReport;
import dev.filigree.zoo.report.CompareReport.Statistic;
import dev.filigree.zoo.report.Figures;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes what came of a comparison, as far as it is. */
public final class ComparisonResults {
  private ComparisonResults() {}

  /** Writes {@code compare.json} and {@code compare.html}, and prints the table or the JSON. */
  public static void write(
      Path directory,
      ComparisonPlan plan,
      Function<RunSpec, @Nullable Result> results,
      boolean json,
      PrintWriter out)
      throws IOException {
    var rows = new ArrayList<Map<String, ?>>();
    var methods = new ArrayList<CompareReport.Method>();
    var lines = new ArrayList<String>();
    for (Group group : plan.groups()) {
      var losses = new ArrayList<Double>();
      var speeds = new ArrayList<Double>();
      var runs = new ArrayList<Map<String, ?>>();
      var folders = new ArrayList<Path>();
      double sparsity = 0;
      String unit = "tokens_per_second";
      for (RunSpec run : plan.finals(group, results)) {
        Result result = results.apply(run);
        if (result == null) {
          continue;
        }
        Path folder = directory.resolve(run.directory());
        JsonNode end = end(folder);
        unit =
            end.has("tokens_per_second")
                ? unit
                : end.has("pictures_per_second") ? "pictures_per_second" : unit;
        losses.add(result.loss());
        speeds.add(end.path(unit).asDouble());
        sparsity = end.path("sparsity").asDouble();
        folders.add(folder);
        var row = new LinkedHashMap<String, Object>();
        row.put("seed", run.config().seed());
        row.put("directory", folder.toString());
        row.put("steps", end.path("steps"));
        row.put("train_loss", end.path("train_loss"));
        row.put("validation_loss", Double.isFinite(result.loss()) ? result.loss() : "diverged");
        row.put(unit, end.path(unit));
        runs.add(row);
      }
      if (losses.isEmpty()) {
        continue;
      }
      Statistic loss = Statistic.of(losses);
      Statistic speed = Statistic.of(speeds);
      methods.add(new CompareReport.Method(group.name(), folders, loss, speed, sparsity));
      var row = new LinkedHashMap<String, Object>();
      row.put("method", group.name());
      row.put("sparsity", sparsity);
      row.put("settings", plan.choice(group, results).orElse(Map.of()));
      row.put("validation_loss_mean", finite(loss.mean()));
      row.put("validation_loss_std", finite(loss.deviation()));
      row.put(unit + "_mean", speed.mean());
      row.put(unit + "_std", speed.deviation());
      row.put("runs", runs);
      row.put("tuning", tuning(plan, group, results));
      rows.add(row);
      lines.add(
          "%-20s %9s %20s %5d %14s"
              .formatted(
                  group.name(),
                  Figures.percent(sparsity),
                  Figures.fixed(loss.mean(), 4) + " ± " + Figures.fixed(loss.deviation(), 4),
                  losses.size(),
                  Figures.compact(speed.mean())));
    }
    String text = Json.indented(Map.of("results", rows));
    Files.writeString(directory.resolve("compare.json"), text);
    if (json) {
      CompareReport.write(directory, methods);
      out.println(text);
      return;
    }
    out.printf(
        "%-20s %9s %20s %5s %14s%n", "method", "sparsity", "validation loss", "seeds", "a second");
    lines.forEach(out::println);
    out.println("report " + CompareReport.write(directory, methods));
  }

  private static Object finite(double value) {
    return Double.isFinite(value) ? value : "diverged";
  }

  private static List<Map<String, ?>> tuning(
      ComparisonPlan plan, Group group, Function<RunSpec, @Nullable Result> results) {
    var rows = new ArrayList<Map<String, ?>>();
    plan.tuned(group, results)
        .forEach(
            (run, result) ->
                rows.add(Map.of("run", run.name(), "validation_loss", finite(result.loss()))));
    return rows;
  }

  private static JsonNode end(Path run) throws IOException {
    JsonNode last = Json.read("{}");
    Path metrics = run.resolve("metrics.jsonl");
    if (Files.exists(metrics)) {
      for (String line : Files.readAllLines(metrics)) {
        if (line.contains("\"event\":\"end\"")) {
          last = Json.read(line);
        }
      }
    }
    return last;
  }
}
