package dev.filigree.cli.compare;

import dev.filigree.cli.compare.ComparisonPlan.Result;
import dev.filigree.io.Json;
import dev.filigree.zoo.report.CompareReport;
import dev.filigree.zoo.report.MethodSummary;
import dev.filigree.zoo.report.RunReport;
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
  private final Path directory;
  private final ComparisonPlan plan;
  private final Function<RunSpec, @Nullable Result> results;
  private final Map<Group, List<RunFacts>> finals = new LinkedHashMap<>();
  private final List<RunFacts> all = new ArrayList<>();

  private ComparisonResults(
      Path directory, ComparisonPlan plan, Function<RunSpec, @Nullable Result> results)
      throws IOException {
    this.directory = directory;
    this.plan = plan;
    this.results = results;
    for (Group group : plan.groups()) {
      List<RunSpec> counted = plan.finals(group, results);
      for (var tuned : plan.tuned(group, results).entrySet()) {
        if (!counted.contains(tuned.getKey())) {
          all.add(RunFacts.read(directory, tuned.getKey(), false, tuned.getValue().loss()));
        }
      }
      var runs = new ArrayList<RunFacts>();
      for (RunSpec run : counted) {
        Result result = results.apply(run);
        if (result != null) {
          runs.add(RunFacts.read(directory, run, true, result.loss()));
        }
      }
      finals.put(group, runs);
      all.addAll(runs);
    }
  }

  /**
   * Writes {@code results.json}, {@code results.csv}, {@code evaluations.csv} and {@code
   * compare.html}, and prints the table or the JSON.
   *
   * @param directory of the comparison
   * @param results of a run; null where it is not over
   */
  public static void write(
      Path directory,
      ComparisonPlan plan,
      Function<RunSpec, @Nullable Result> results,
      boolean json,
      PrintWriter out)
      throws IOException {
    new ComparisonResults(directory, plan, results).write(json, out);
  }

  private void write(boolean json, PrintWriter out) throws IOException {
    var summaries = new Summaries(finals);
    var table = new ResultTable();
    var methods = new ArrayList<CompareReport.Method>();
    var groups = new ArrayList<Map<String, @Nullable Object>>();
    for (Group group : plan.groups()) {
      List<RunFacts> runs = finals.getOrDefault(group, List.of());
      if (!runs.isEmpty()) {
        MethodSummary summary = summaries.of(group);
        table.add(group, summary);
        methods.add(new CompareReport.Method(group.name(), reported(runs), summary));
        groups.add(group(group, runs, summary));
      }
    }
    String budget = plan.file().budget().toString();
    List<String> equal = WhatWasEqual.of(plan);
    var content = new LinkedHashMap<String, Object>();
    content.put("budget", budget);
    content.put("equal", equal);
    content.put("complete", plan.wanted(results).isEmpty());
    content.put("groups", groups);
    content.put("runs", all.stream().map(run -> ResultFiles.withChoice(run, budget)).toList());
    String text = Json.indented(content);
    ResultFiles.write(directory, text, all, budget);
    Path page = CompareReport.write(directory, equal, methods);
    if (json) {
      out.println(text);
    } else {
      out.print(table.text());
      out.println("report " + page);
    }
  }

  private Map<String, @Nullable Object> group(
      Group group, List<RunFacts> runs, MethodSummary summary) {
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("name", group.name());
    row.put("method", group.method().label());
    row.put("algorithm", group.method().kind());
    row.put("sparsity", Double.isNaN(group.sparsity()) ? null : group.sparsity());
    row.put("settings", plan.choice(group, results).orElse(Map.of()));
    row.putAll(summary.toMap());
    row.put("runs", runs.stream().map(ResultFiles::name).toList());
    return row;
  }

  /** Runs for the page, each with a report of its own to link to. */
  private static List<CompareReport.Run> reported(List<RunFacts> runs) throws IOException {
    var reported = new ArrayList<CompareReport.Run>();
    for (RunFacts run : runs) {
      if (!Files.exists(run.directory().resolve(RunReport.NAME))) {
        RunReport.write(run.directory()); // it was ended before it wrote one
      }
      String name = run.run().group().name() + ", seed " + run.seed();
      reported.add(new CompareReport.Run(name, run.directory()));
    }
    return reported;
  }
}
