package dev.filigree.cli;

import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.Unit;
import dev.filigree.zoo.train.log.PeakMemory;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a run came to, as a table for people. */
final class SummaryTable {
  private final StringBuilder text = new StringBuilder();

  private SummaryTable() {}

  /** A network of another kind has a loss in a unit of its own. */
  private static String loss(double loss, Unit unit) {
    String figure = Figures.fixed(loss, 4);
    return unit == Unit.POSITIONS ? figure : figure + " nats a " + unit.singular();
  }

  static String of(RunSummary summary, Path directory, @Nullable Path report) {
    var table = new SummaryTable();
    table.row("steps", String.format(Locale.ROOT, "%,d", summary.steps()));
    table.row("training loss", loss(summary.trainLoss(), summary.unit()));
    Double evalLoss = summary.evalLoss();
    if (evalLoss != null) {
      table.row("validation loss", loss(evalLoss, summary.unit()));
      if (summary.unit() == Unit.TOKENS) {
        table.row("perplexity", Figures.perplexity(Math.exp(evalLoss)) + " a token");
      }
    }
    Double accuracy = summary.accuracy();
    if (accuracy != null) {
      table.row("accuracy", Figures.percent(accuracy) + " of the validation pictures");
    }
    Double bitsPerByte = summary.bitsPerByte();
    if (bitsPerByte != null) {
      table.row("bits per byte", Figures.fixed(bitsPerByte, 4));
    }
    if (!summary.layers().isEmpty()) {
      table.row(
          "sparsity",
          "%s target, %s counted"
              .formatted(
                  Figures.percent(summary.targetSparsity()), Figures.percent(summary.sparsity())));
    }
    table.row("mean speed", speed(summary));
    Long peak = PeakMemory.peakBytes();
    if (peak != null) {
      table.row("peak memory", Figures.bytes((double) peak));
    }
    table.row("run directory", directory.toString());
    if (summary.checkpoint() != null) {
      table.row("checkpoint", summary.checkpoint().toString());
    }
    if (report != null) {
      table.row("report", report.toString());
    }
    return table.text.toString();
  }

  /** The time of a run that went on is that since then, and so are the tokens beside it. */
  private static String speed(RunSummary summary) {
    String units = summary.unit().plural();
    String speed =
        "%s %s/s, %s %s in %s"
            .formatted(
                Figures.compact(summary.positionsPerSecond()),
                units,
                Figures.compact((double) summary.timedPositions()),
                units,
                Figures.duration(summary.seconds()));
    return summary.firstStep() == 0
        ? speed
        : String.format(
            Locale.ROOT,
            "%s since step %,d, %s in all",
            speed,
            summary.firstStep(),
            Figures.compact((double) summary.positions()));
  }

  private void row(String name, String value) {
    text.append(String.format(Locale.ROOT, "%-16s %s%n", name, value));
  }
}
