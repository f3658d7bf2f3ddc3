package dev.filigree.zoo.report;

import java.util.List;

/**
 * The figures at the head of a report: those of the end row, else the newest of a run that goes on.
 */
final class SummaryTiles {
  private final RunMetrics metrics;

  SummaryTiles(RunMetrics metrics) {
    this.metrics = metrics;
  }

  String html() {
    List<RunMetrics.Train> train = metrics.train();
    List<RunMetrics.Eval> evals = metrics.evals();
    double trainLoss = train.isEmpty() ? Double.NaN : train.getLast().loss();
    double steps = train.isEmpty() ? Double.NaN : train.getLast().step();
    double sparsity = train.isEmpty() ? Double.NaN : train.getLast().sparsity();
    double evalLoss = end("eval_loss", evals.isEmpty() ? Double.NaN : evals.getLast().loss());
    var out = new StringBuilder("<section class=\"card tiles\">");
    String unit = metrics.unit();
    String loss = unit.equals("position") ? "the network's own" : "nats a " + unit;
    tile(out, "Validation loss", Figures.fixed(evalLoss, 4), loss);
    tile(out, "Training loss", Figures.fixed(end("train_loss", trainLoss), 4), loss);
    switch (unit) {
      case "token" ->
          tile(out, "Perplexity", Figures.significant(Math.exp(evalLoss)), "a token, validation");
      case "picture" -> {
        double accuracy = evals.isEmpty() ? Double.NaN : evals.getLast().accuracy();
        tile(out, "Accuracy", Figures.percent(end("accuracy", accuracy)), "validation");
      }
      default -> {} // a network of another kind has its loss
    }
    tile(out, "Bits per byte", Figures.fixed(end("bits_per_byte", Double.NaN), 3), "validation");
    tile(
        out,
        "Sparsity",
        Figures.percent(end("sparsity", sparsity)),
        "target: " + Figures.percent(end("target_sparsity", Double.NaN)));
    tile(
        out,
        Figures.sentence(unit + "s a second"),
        Figures.compact(end(unit + "s_per_second", meanSpeed(train))),
        Figures.compact(end(unit + "s", Double.NaN)) + " " + unit + "s in all");
    tile(
        out,
        "Steps",
        Figures.count(end("steps", steps)),
        Figures.duration(end("seconds", Double.NaN)) + sinceStep());
    tile(out, "Peak memory", Figures.bytes(end("peak_memory_bytes", Double.NaN)), "resident");
    return out.append("</section>\n").toString();
  }

  private double end(String key, double otherwise) {
    double value = metrics.endNumber(key);
    return Double.isFinite(value) ? value : otherwise;
  }

  /** Which steps the time is of, where it is not that of all. */
  private String sinceStep() {
    double step = end("seconds_since_step", 0);
    return step > 0 ? " since step " + Figures.count(step) : "";
  }

  private static double meanSpeed(List<RunMetrics.Train> train) {
    return train.stream()
        .mapToDouble(RunMetrics.Train::positionsPerSecond)
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  /** A figure that is not known has no tile. */
  private static void tile(StringBuilder out, String name, String value, String note) {
    if (!value.equals("–")) {
      out.append(
          "<div class=\"tile\"><span>%s</span><b>%s</b><em>%s</em></div>"
              .formatted(name, value, note.contains("–") ? "" : note));
    }
  }
}
