package dev.filigree.cli.compare;

import dev.filigree.io.Csv;
import dev.filigree.io.Durable;
import dev.filigree.zoo.config.RunPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The files of a comparison that programs read: {@code results.json}, {@code results.csv} with a
 * row a run, {@code evaluations.csv} with a row an evaluation. {@code docs/comparing.md} says what
 * each column is.
 */
final class ResultFiles {
  static final String RESULTS = "results.json";
  static final String RUNS = "results.csv";
  static final String EVALUATIONS = "evaluations.csv";
  private static final String TUNED = "tuned.";

  private ResultFiles() {}

  /** Replaces the files, each whole or not at all; the tables only where a run is over. */
  static void write(Path directory, String json, List<RunFacts> runs, String budget)
      throws IOException {
    Durable.replace(directory.resolve(RESULTS), json + "\n");
    if (runs.isEmpty()) {
      return;
    }
    var tuned = new LinkedHashSet<String>();
    runs.forEach(run -> tuned.addAll(tuned(run).keySet()));
    var rows = new ArrayList<Map<String, @Nullable Object>>();
    for (RunFacts run : runs) {
      Map<String, @Nullable Object> row = row(run, budget);
      tuned.forEach(key -> row.put(TUNED + key, tuned(run).get(key)));
      rows.add(row);
    }
    Durable.replace(directory.resolve(RUNS), table(rows));
    var evaluations = new ArrayList<Map<String, @Nullable Object>>();
    runs.forEach(run -> evaluations.addAll(evaluations(run)));
    if (!evaluations.isEmpty()) {
      Durable.replace(directory.resolve(EVALUATIONS), table(evaluations));
    }
  }

  private static String table(List<Map<String, @Nullable Object>> rows) {
    Set<String> columns = rows.getFirst().keySet();
    return Csv.line(List.copyOf(columns))
        + rows.stream()
            .map(row -> Csv.line(new ArrayList<>(row.values())))
            .collect(Collectors.joining());
  }

  /** The values that were tuned by path, those in blocks one by one. */
  private static Map<String, Object> tuned(RunFacts run) {
    var flat = new LinkedHashMap<String, Object>();
    run.run().choice().forEach((path, value) -> flatten(path, value, flat));
    return flat;
  }

  private static void flatten(String path, Object value, Map<String, Object> flat) {
    if (value instanceof Map<?, ?> block) {
      block.forEach(
          (key, inner) -> {
            if (inner != null) {
              flatten(path + "." + key, inner, flat);
            }
          });
    } else {
      flat.put(path, value);
    }
  }

  /** The folder of a run below that of the comparison: what the tables know it by. */
  static String name(RunFacts run) {
    return run.run().directory().toString().replace('\\', '/');
  }

  /** A run as an object of the JSON. */
  static Map<String, @Nullable Object> withChoice(RunFacts run, String budget) {
    Map<String, @Nullable Object> row = row(run, budget);
    row.put("tuned", run.run().choice());
    return row;
  }

  private static Map<String, @Nullable Object> identity(RunFacts run) {
    Group group = run.run().group();
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("run", name(run));
    row.put("method", group.method().label());
    row.put("sparsity", finite(group.sparsity()));
    row.put("role", run.isFinal() ? "final" : "tuning");
    row.put("seed", run.seed());
    return row;
  }

  /** A run as a row of the table, without the values that were tuned. */
  private static Map<String, @Nullable Object> row(RunFacts run, String budget) {
    var config = run.run().config();
    RunPlan plan = RunPlan.of(config);
    var multiplier = LearningRates.sparseMultiplier(config);
    Map<String, @Nullable Object> row = identity(run);
    row.put("algorithm", run.run().group().method().kind());
    row.put("status", run.status());
    row.put("diverged", run.status().equals("diverged"));
    row.put("budget", budget);
    row.put("learning_rate", LearningRates.peak(config));
    row.put("learning_rate_multiplier", multiplier.isPresent() ? multiplier.getAsDouble() : null);
    row.put("parameters", plan.parameters());
    row.put("kept_parameters", plan.keptParameters());
    row.put("steps", run.steps());
    row.put(run.unit() + "s", Double.isNaN(run.positions()) ? null : (long) run.positions());
    row.put("validation_loss", finite(run.validationLoss()));
    row.put("perplexity", finite(run.perplexity()));
    row.put("bits_per_byte", finite(run.bitsPerByte()));
    row.put("accuracy", finite(run.accuracy()));
    row.put("train_loss", finite(run.trainLoss()));
    row.put("training_flops", finite(run.flops()));
    row.put("evidence_flops", finite(run.evidenceFlops()));
    row.put("seconds", finite(run.seconds()));
    row.put("cpu_seconds", finite(run.cpuSeconds()));
    row.put(run.unit() + "s_per_second", finite(run.speed()));
    row.put("peak_memory_bytes", finite(run.peakMemory()));
    row.put("counted_sparsity", finite(run.sparsity()));
    row.put("device", run.device());
    row.put("execution", run.execution());
    return row;
  }

  private static List<Map<String, @Nullable Object>> evaluations(RunFacts run) {
    var rows = new ArrayList<Map<String, @Nullable Object>>();
    for (RunFacts.Evaluation evaluation : run.evaluations()) {
      Map<String, @Nullable Object> row = identity(run);
      row.put("step", evaluation.step());
      row.put(run.unit() + "s", finite(evaluation.positions()));
      row.put("flops", finite(evaluation.flops()));
      row.put("seconds", finite(evaluation.seconds()));
      row.put("loss", finite(evaluation.loss()));
      rows.add(row);
    }
    return rows;
  }

  /** Whole numbers without a point; null for what is not known. */
  private static @Nullable Number finite(double value) {
    if (!Double.isFinite(value)) {
      return null;
    }
    return value == Math.rint(value) && Math.abs(value) >= 1000 && Math.abs(value) < 1e15
        ? (Number) (long) value
        : (Number) value;
  }
}
