package dev.filigree.cli;

import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.Memory;
import dev.filigree.zoo.train.RunSummary;
import java.nio.file.Path;
import java.util.Locale;

/** What a run came to, as a table for people. */
final class SummaryTable {
  private final StringBuilder text = new StringBuilder();

  private SummaryTable() {}

  static String of(RunSummary summary, Path directory, Path report) {
    var table = new SummaryTable();
    table.row("steps", String.format(Locale.ROOT, "%,d", summary.steps()));
    table.row("training loss", Figures.fixed(summary.trainLoss(), 4) + " nats a token");
    Double evalLoss = summary.evalLoss();
    if (evalLoss != null) {
      table.row("validation loss", Figures.fixed(evalLoss, 4) + " nats a token");
      table.row("perplexity", Figures.significant(Math.exp(evalLoss)) + " a token");
    }
    Double bitsPerByte = summary.bitsPerByte();
    if (bitsPerByte != null) {
      table.row("bits per byte", Figures.fixed(bitsPerByte, 4));
    }
    if (!summary.layers().isEmpty()) {
      table.row(
          "sparsity",
          "%s asked, %s counted"
              .formatted(
                  Figures.percent(summary.targetSparsity()), Figures.percent(summary.sparsity())));
    }
    table.row(
        "speed",
        "%s tokens/s, %s tokens in %s"
            .formatted(
                Figures.compact(summary.tokensPerSecond()),
                Figures.compact((double) summary.tokens()),
                Figures.duration(summary.seconds())));
    Long peak = Memory.peakBytes();
    if (peak != null) {
      table.row("peak memory", Figures.bytes((double) peak));
    }
    table.row("run directory", directory.toString());
    if (summary.checkpoint() != null) {
      table.row("checkpoint", summary.checkpoint().toString());
    }
    table.row("report", report.toString());
    return table.text.toString();
  }

  private void row(String name, String value) {
    text.append(String.format(Locale.ROOT, "%-16s %s%n", name, value));
  }
}
