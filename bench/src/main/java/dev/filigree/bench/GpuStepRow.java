package dev.filigree.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A training step measured on a GPU; figures are null where there is an {@code obstacle}.
 *
 * @param gpu as its maker calls it
 * @param parameters elements of the dense model
 * @param tokens tokens a step
 * @param execution {@code dense}, {@code masked} or {@code compressed}
 * @param sparsity of the decoder layers' weights, a fraction
 * @param obstacle why there are no figures, such as too little memory
 * @param seconds of a step without mask update, median
 * @param denseTeraflops a second: the arithmetic of the dense model over {@code seconds}
 * @param shareOfPeak of the card's 16-bit tensor cores without sparsity, a fraction; null for a
 *     card whose peak is not known
 * @param memoryBytes the most that the process took of the card
 * @param maskUpdateSeconds what a step with a mask update takes longer; null without
 */
@JsonNaming(SnakeCaseStrategy.class)
record GpuStepRow(
    String gpu,
    String model,
    long parameters,
    long tokens,
    String execution,
    double sparsity,
    @Nullable String obstacle,
    @Nullable Double seconds,
    @Nullable Double tokensPerSecond,
    @Nullable Double denseTeraflops,
    @Nullable Double shareOfPeak,
    @Nullable Long memoryBytes,
    @Nullable Double maskUpdateSeconds) {

  static String header() {
    return String.format(
        Locale.ROOT,
        "%-12s %-10s %8s %9s %9s %9s %7s %9s %10s%n",
        "model",
        "execution",
        "sparsity",
        "ms/step",
        "tokens/s",
        "TFLOP/s",
        "of peak",
        "memory GB",
        "update ms");
  }

  String line() {
    String sparse = sparsity == 0 ? "" : Double.toString(sparsity);
    if (obstacle != null) {
      return String.format(Locale.ROOT, "%-12s %-10s %8s %s%n", model, execution, sparse, obstacle);
    }
    return String.format(
        Locale.ROOT,
        "%-12s %-10s %8s %9s %9s %9s %7s %9s %10s%n",
        model,
        execution,
        sparse,
        number("%.1f", 1e3, seconds),
        number("%.0f", 1, tokensPerSecond),
        number("%.0f", 1, denseTeraflops),
        number("%.1f%%", 1e2, shareOfPeak),
        number("%.1f", 1e-9, memoryBytes),
        number("%.0f", 1e3, maskUpdateSeconds));
  }

  private static String number(String format, double scale, @Nullable Number value) {
    return value == null ? "" : String.format(Locale.ROOT, format, scale * value.doubleValue());
  }
}
