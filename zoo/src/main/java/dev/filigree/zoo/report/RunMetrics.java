package dev.filigree.zoo.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.filigree.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What {@code metrics.jsonl} says about a run. Lines that are no JSON object, as a killed run may
 * leave, are counted and passed over. Where a run was resumed from a checkpoint older than the last
 * line, steps done again replace the earlier ones.
 */
final class RunMetrics {
  /** A training row, one a step that was logged. Losses are nats; NaN where not given. */
  record Train(
      long step,
      double loss,
      double learningRate,
      double gradientNorm,
      double sparsity,
      double positionsPerSecond) {}

  /** An evaluation; the name of the validation set is empty where there is one only. */
  record Eval(long step, String dataset, double loss, double accuracy) {}

  /** What one mask update did to one parameter. */
  record Update(
      long step,
      String parameter,
      long dropped,
      long grown,
      long kept,
      double targetSparsity,
      double sparsity) {}

  /** Where a layer ended: its target sparsity and the one counted. */
  record FinalSparsity(String parameter, String shape, double target, double counted) {}

  private static final List<String> UNITS = List.of("token", "picture", "position");

  private final TreeMap<Long, Train> train = new TreeMap<>();
  private final TreeMap<Long, Map<String, Eval>> evals = new TreeMap<>();
  private final TreeMap<Long, Map<String, Update>> updates = new TreeMap<>();
  private final TreeMap<Long, String> skipped = new TreeMap<>();
  private JsonNode end = JsonNodeFactory.instance.objectNode();
  private long lastStep;
  private long unreadable;
  private String unit = UNITS.getFirst();

  private RunMetrics() {}

  /** Reads a file; a missing one gives empty metrics. */
  static RunMetrics read(Path file) throws IOException {
    var metrics = new RunMetrics();
    if (!Files.exists(file)) {
      return metrics;
    }
    // This reader replaces bytes that are no UTF-8, where Files.newBufferedReader would throw.
    try (var lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank()) {
          metrics.accept(line);
        }
      }
    }
    return metrics;
  }

  private void accept(String line) {
    JsonNode row;
    try {
      row = Json.read(line);
    } catch (JsonProcessingException e) {
      unreadable++;
      return;
    }
    if (!row.path("event").isTextual()) {
      unreadable++;
      return;
    }
    String event = row.path("event").asText();
    if (event.equals("end")) {
      end = row;
      return;
    }
    if (!row.path("step").isIntegralNumber()) {
      unreadable++;
      return;
    }
    long step = row.path("step").asLong();
    if (step < lastStep) {
      forgetFrom(step);
    }
    lastStep = step;
    switch (event) {
      case "train" -> {
        unit = unit(row);
        train.put(step, trainRow(step, row));
      }
      case "eval" -> {
        var eval =
            new Eval(
                step, row.path("dataset").asText(), number(row, "loss"), number(row, "accuracy"));
        evals.computeIfAbsent(step, _ -> new TreeMap<>()).put(eval.dataset(), eval);
      }
      case "mask_update" -> {
        Update update = updateRow(step, row);
        updates.computeIfAbsent(step, _ -> new TreeMap<>()).put(update.parameter(), update);
      }
      case "skipped" -> skipped.put(step, row.path("reason").asText());
      default -> {} // a newer version may write more
    }
  }

  private void forgetFrom(long step) {
    List.of(train, evals, updates, skipped).forEach(rows -> rows.tailMap(step).clear());
  }

  /** What the run is counted in, one of them in words: "token". */
  String unit() {
    return unit;
  }

  private static String unit(JsonNode row) {
    return UNITS.stream().filter(each -> row.has(each + "s")).findFirst().orElse(UNITS.getFirst());
  }

  private static Train trainRow(long step, JsonNode row) {
    return new Train(
        step,
        number(row, "loss"),
        number(row, "lr"),
        number(row, "grad_norm"),
        number(row, "sparsity"),
        number(row, unit(row) + "s_per_second"));
  }

  private static Update updateRow(long step, JsonNode row) {
    return new Update(
        step,
        row.path("parameter").asText(),
        row.path("dropped").asLong(),
        row.path("grown").asLong(),
        row.path("kept").asLong(),
        number(row, "target_sparsity"),
        number(row, "sparsity"));
  }

  private static double number(JsonNode row, String key) {
    return row.path(key).asDouble(Double.NaN);
  }

  List<Train> train() {
    return List.copyOf(train.values());
  }

  List<Eval> evals() {
    return evals.values().stream().flatMap(sets -> sets.values().stream()).toList();
  }

  /** The mask updates by step, then by parameter. */
  Map<Long, Map<String, Update>> updates() {
    return updates;
  }

  long skippedSteps() {
    return skipped.size();
  }

  /** Lines that could not be read. */
  long unreadable() {
    return unreadable;
  }

  /** The {@code end} row; an empty object when the run did not get there. */
  JsonNode end() {
    return end;
  }

  boolean ended() {
    return !end.isEmpty();
  }

  /** A number of the {@code end} row, NaN where it is missing. */
  double endNumber(String key) {
    return number(end, key);
  }

  /** Every sparse layer as it ended: from the end row, else from its last mask update. */
  List<FinalSparsity> layers() {
    if (end.path("layers").isArray()) {
      return end.path("layers")
          .valueStream()
          .map(
              layer ->
                  new FinalSparsity(
                      layer.path("parameter").asText(),
                      layer.path("shape").valueStream().map(JsonNode::asText).toList().stream()
                          .reduce((a, b) -> a + " × " + b)
                          .orElse(""),
                      number(layer, "target_sparsity"),
                      number(layer, "sparsity")))
          .toList();
    }
    var last = new TreeMap<String, Update>();
    updates.values().forEach(last::putAll);
    Function<Update, FinalSparsity> layer =
        update ->
            new FinalSparsity(update.parameter(), "", update.targetSparsity(), update.sparsity());
    return last.values().stream().map(layer).toList();
  }
}
