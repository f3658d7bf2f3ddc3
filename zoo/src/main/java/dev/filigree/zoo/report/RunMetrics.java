package dev.filigree.zoo.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.filigree.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What {@code metrics.jsonl} says about a run. Lines that are no JSON object, as a killed run may
 * leave, are counted and passed over. Where a run was resumed from a checkpoint older than the last
 * line, steps done again replace the earlier ones. What a file of an earlier version does not have,
 * such as the wall clock, is NaN.
 */
public final class RunMetrics {
  /**
   * When something happened.
   *
   * @param positions tokens or pictures trained on since the run began
   * @param wallSeconds since the run began, pauses left out
   * @param flops operations of training since the run began
   */
  public record Moment(long step, double positions, double wallSeconds, double flops) {}

  /** A training row, one a step that was logged. Losses are nats; NaN where not given. */
  record Train(
      Moment at,
      double loss,
      double learningRate,
      double gradientNorm,
      double sparseGradientNorm,
      double denseGradientNorm,
      double sparsity,
      double meanDensity,
      double positionsPerSecond) {
    long step() {
      return at.step();
    }
  }

  /** An evaluation; the name of the validation set is empty where there is one only. */
  public record Eval(Moment at, String dataset, double loss, double accuracy, double bitsPerByte) {}

  /** How old weights are, in steps since they grew; NaN where it is not known. */
  record Ages(double mean, double p10, double median, double p90) {
    static final Ages UNKNOWN = new Ages(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    static Ages of(JsonNode row) {
      return new Ages(
          number(row, "age_mean"),
          number(row, "age_p10"),
          number(row, "age_median"),
          number(row, "age_p90"));
    }
  }

  /** What one mask update did to one parameter; fractions, and NaN for what is not known. */
  record Update(
      Moment at,
      String parameter,
      long dropped,
      long grown,
      long kept,
      double targetSparsity,
      double sparsity,
      double deadRows,
      double deadColumns,
      double overlapWithFirst,
      double explored,
      Ages ages) {
    /** All weights of the parameter; NaN where none exists. */
    double size() {
      return sparsity < 1 ? kept / (1 - sparsity) : Double.NaN;
    }
  }

  /** Where a layer ended: its target sparsity and the one counted. */
  record FinalSparsity(String parameter, String shape, double target, double counted) {}

  private static final List<String> UNITS = List.of("token", "picture", "position");

  private final TreeMap<Long, Train> train = new TreeMap<>();
  private final TreeMap<Long, Map<String, Eval>> evals = new TreeMap<>();
  private final TreeMap<Long, Map<String, Update>> updates = new TreeMap<>();
  private final TreeMap<Long, Ages> ages = new TreeMap<>();
  private final TreeMap<Long, String> skipped = new TreeMap<>();
  private final TreeMap<Long, JsonNode> starts = new TreeMap<>();
  private JsonNode end = JsonNodeFactory.instance.objectNode();
  private long lastStep;
  private long unreadable;
  private String unit = UNITS.getFirst();

  /** Those of a run of which nothing is known yet. */
  RunMetrics() {}

  /**
   * Those of a run directory; of one without metrics, none.
   *
   * @throws IOException when the file cannot be read
   */
  public static RunMetrics of(Path directory) throws IOException {
    var tail = new MetricsTail(directory.resolve("metrics.jsonl"));
    tail.refresh();
    return tail.metrics();
  }

  /** Takes in a line. */
  void accept(String line) {
    if (line.isBlank()) {
      return;
    }
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
    accept(event, row.path("step").asLong(), row);
  }

  private void accept(String event, long step, JsonNode row) {
    if (step < lastStep) {
      forgetFrom(step);
    }
    lastStep = step;
    UNITS.stream().filter(each -> row.has(each + "s")).findFirst().ifPresent(each -> unit = each);
    switch (event) {
      case "start", "resume" -> starts.put(step, row);
      case "train" -> train.put(step, trainRow(step, row));
      case "eval" -> {
        Eval eval = evalRow(step, row);
        evals.computeIfAbsent(step, _ -> new TreeMap<>()).put(eval.dataset(), eval);
      }
      case "mask_update" -> {
        Update update = updateRow(step, row);
        updates.computeIfAbsent(step, _ -> new LinkedHashMap<>()).put(update.parameter(), update);
      }
      case "weight_ages" -> ages.put(step, Ages.of(row));
      case "skipped" -> skipped.put(step, row.path("reason").asText());
      default -> {} // a newer version may write more
    }
  }

  private void forgetFrom(long step) {
    List.of(train, evals, updates, ages, skipped).forEach(rows -> rows.tailMap(step).clear());
    starts.tailMap(step, false).clear();
  }

  /** The newest of the training rows and evaluations; NaN, at step 0, before the first. */
  public Moment newest() {
    var none = new Moment(0, Double.NaN, Double.NaN, Double.NaN);
    Moment trained = train.isEmpty() ? none : train.lastEntry().getValue().at();
    Moment evaluated =
        evals.isEmpty() ? none : evals.lastEntry().getValue().values().iterator().next().at();
    return known(evaluated.step() > trained.step() ? evaluated : trained);
  }

  /** The loss of the last training row; NaN before the first. */
  public double trainLoss() {
    return train.isEmpty() ? Double.NaN : train.lastEntry().getValue().loss();
  }

  /** What the run is counted in, one of them in words: "token". */
  public String unit() {
    return unit;
  }

  private Moment moment(long step, JsonNode row) {
    return new Moment(
        step, number(row, unit + "s"), number(row, "wall_seconds"), number(row, "training_flops"));
  }

  private Train trainRow(long step, JsonNode row) {
    return new Train(
        moment(step, row),
        number(row, "loss"),
        number(row, "lr"),
        number(row, "grad_norm"),
        number(row, "grad_norm_sparse"),
        number(row, "grad_norm_dense"),
        number(row, "sparsity"),
        number(row, "mean_density"),
        number(row, unit + "s_per_second"));
  }

  private Eval evalRow(long step, JsonNode row) {
    return new Eval(
        moment(step, row),
        row.path("dataset").asText(),
        number(row, "loss"),
        number(row, "accuracy"),
        number(row, "bits_per_byte"));
  }

  private Update updateRow(long step, JsonNode row) {
    return new Update(
        moment(step, row),
        row.path("parameter").asText(),
        row.path("dropped").asLong(),
        row.path("grown").asLong(),
        row.path("kept").asLong(),
        number(row, "target_sparsity"),
        number(row, "sparsity"),
        number(row, "dead_rows"),
        number(row, "dead_columns"),
        number(row, "overlap_with_first"),
        number(row, "explored"),
        Ages.of(row));
  }

  /** A number of a row; NaN where it is missing, and for what is no number. */
  public static double number(JsonNode row, String key) {
    return row.path(key).isNumber() ? row.path(key).asDouble() : Double.NaN;
  }

  List<Train> train() {
    return List.copyOf(train.values());
  }

  /** The evaluations by step, then by validation set. */
  public List<Eval> evals() {
    return evals.values().stream().flatMap(sets -> sets.values().stream()).toList();
  }

  /** The mask updates by step, then by parameter, in the order of the network. */
  Map<Long, Map<String, Update>> updates() {
    return updates;
  }

  /** Over all sparse parameters after the mask update of a step. */
  Ages ages(long step) {
    return ages.getOrDefault(step, Ages.UNKNOWN);
  }

  /** The rows of the start and of each resume, in their order; none of an earlier version. */
  List<JsonNode> starts() {
    return List.copyOf(starts.values());
  }

  /**
   * When a step was over: the tokens and the clock of the last training row up to it, for rows of
   * an earlier version, which have the step only.
   */
  public Moment known(Moment at) {
    var row = train.floorEntry(at.step());
    if (!Double.isNaN(at.positions()) || row == null) {
      return at;
    }
    Moment near = row.getValue().at();
    return new Moment(at.step(), near.positions(), near.wallSeconds(), near.flops());
  }

  long skippedSteps() {
    return skipped.size();
  }

  /** Lines that could not be read. */
  long unreadable() {
    return unreadable;
  }

  /** The {@code end} row; an empty object when the run did not get there. */
  public JsonNode end() {
    return end;
  }

  /** Whether the run came to its end, or to a stop that it was asked for. */
  public boolean ended() {
    return !end.isEmpty();
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
    var last = new LinkedHashMap<String, Update>();
    updates.values().forEach(last::putAll);
    Function<Update, FinalSparsity> layer =
        update ->
            new FinalSparsity(update.parameter(), "", update.targetSparsity(), update.sparsity());
    return last.values().stream().map(layer).toList();
  }
}
