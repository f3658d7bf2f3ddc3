package dev.filigree.cli.compare;

import dev.filigree.zoo.report.Estimate;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.report.MethodSummary;
import dev.filigree.zoo.report.PairedDifference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The results of a comparison as the command prints them: a line for each method and sparsity. */
final class ResultTable {
  private static final String FORMAT = "%-20s %9s %5s %17s %26s %26s %9s %13s%n";

  private final List<String> lines = new ArrayList<>();
  private boolean hasDifferences;
  private boolean hasOneSeed;

  void add(Group group, MethodSummary summary) {
    hasOneSeed |= summary.seeds() == 1;
    lines.add(
        FORMAT.formatted(
            group.name(),
            Figures.percent(summary.of("counted_sparsity").mean()),
            summary.seeds(),
            loss(summary),
            text(summary.difference(MethodSummary.TO_STATIC)),
            text(summary.difference(MethodSummary.TO_SMALL_DENSE)),
            flops(summary.of("training_flops").mean()),
            Figures.duration(summary.of("seconds").mean())));
  }

  private static String loss(MethodSummary summary) {
    if (summary.diverged() > 0) {
      return "%d of %d diverged".formatted(summary.diverged(), summary.seeds());
    }
    Estimate loss = summary.of(MethodSummary.LOSS);
    return Figures.fixed(loss.mean(), 4)
        + (loss.count() > 1 ? " ± " + Figures.fixed(loss.standardError(), 4) : "");
  }

  private String text(Optional<PairedDifference> difference) {
    if (difference.isEmpty() || difference.get().difference().count() == 0) {
      return "–";
    }
    PairedDifference known = difference.get();
    hasDifferences = true;
    String mean = signed(known.difference().mean());
    return known.difference().count() == 1
        ? mean
        : "%s [%s, %s]".formatted(mean, signed(known.low()), signed(known.high()));
  }

  private static String signed(double value) {
    return String.format(Locale.ROOT, "%+.4f", value);
  }

  private static String flops(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2e", value) : "–";
  }

  /** All lines, and how to read them. */
  String text() {
    var text = new StringBuilder();
    text.append(
        FORMAT.formatted(
            "method",
            "sparsity",
            "seeds",
            "validation loss",
            "to static",
            "to small dense",
            "FLOPs",
            "time"));
    lines.forEach(text::append);
    if (hasDifferences) {
      text.append(
          "Losses: mean ± standard error. Differences: seed by seed, with 95 % interval by Student's t.\n");
    }
    if (hasOneSeed) {
      text.append("one seed: no interval\n");
    }
    return text.toString();
  }
}
