package dev.filigree.bench;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Measured training steps as a table for people, line by line. */
final class StepTable {
  private StepTable() {}

  static String header() {
    return String.format(
        Locale.ROOT,
        "%-15s %-10s %-8s %8s %9s %8s %8s %8s %8s  %7s %9s %7s %9s %7s  %8s %7s%n",
        "model",
        "execution",
        "products",
        "sparsity",
        "ms/step",
        "tokens/s",
        "x dense",
        "x bf16",
        "peak GB",
        "linear",
        "attention",
        "head",
        "optimizer",
        "other",
        "update",
        "share");
  }

  static String line(StepRow row) {
    return String.format(
        Locale.ROOT,
        "%-15s %-10s %-8s %8s %9.1f %8.0f %8.2f %8s %8s  %7.1f %9.1f %7.1f %9.1f %7.1f  %8s %7s%n",
        row.model(),
        row.execution(),
        row.precision(),
        row.sparsity() == 0 ? "" : Double.toString(row.sparsity()),
        1e3 * row.seconds(),
        row.tokensPerSecond(),
        row.speedupOverDense(),
        number("%.2f", 1, row.speedupOverBfloat16()),
        number("%.2f", 1e-9, row.peakResidentBytes()),
        1e3 * row.linearSeconds(),
        1e3 * row.attentionSeconds(),
        1e3 * row.headSeconds(),
        1e3 * row.optimizerSeconds(),
        1e3 * row.otherSeconds(),
        number("%.1f", 1e3, row.maskUpdateSeconds()),
        number("%.2f%%", 1e2, row.maskUpdateShare()));
  }

  static String footer(StepRow last) {
    return "Times in milliseconds; dense matrices in float32 by "
        + last.denseEngine()
        + ". x dense, x bf16: as fast as dense steps in float32, in bfloat16. update: what a step with a mask update takes longer; share: of a run with one every 100"
        + " steps.\n";
  }

  private static String number(String format, double scale, @Nullable Number value) {
    return value == null ? "" : String.format(Locale.ROOT, format, scale * value.doubleValue());
  }
}
