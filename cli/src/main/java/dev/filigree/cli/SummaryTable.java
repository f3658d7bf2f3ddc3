package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.Memory;
import dev.filigree.zoo.train.RunSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What a run came to, as a table for people. */
final class SummaryTable {
  private final StringBuilder text = new StringBuilder();

  private SummaryTable() {}

  static String of(RunConfig config, RunSummary summary, Path directory, Path report)
      throws IOException {
    var table = new SummaryTable();
    table.row("steps", String.format(Locale.ROOT, "%,d", summary.steps()));
    table.row("training loss", Figures.fixed(summary.trainLoss(), 4) + " nats a token");
    Double evalLoss = summary.evalLoss();
    if (evalLoss != null) {
      table.row("validation loss", Figures.fixed(evalLoss, 4) + " nats a token");
      table.row("perplexity", Figures.significant(Math.exp(evalLoss)) + " a token");
      table.bitsPerByte(config, evalLoss);
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

  /** Only where there is one validation set: its loss is then not a mean over several. */
  private void bitsPerByte(RunConfig config, double loss) throws IOException {
    if (config.validationData().size() == 1) {
      DataSources.open(config.validationData().values().iterator().next())
          .text()
          .ifPresent(info -> row("bits per byte", Figures.fixed(info.bitsPerByte(loss), 4)));
    }
  }

  private void row(String name, String value) {
    text.append(String.format(Locale.ROOT, "%-16s %s%n", name, value));
  }
}
