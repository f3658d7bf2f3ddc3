package dev.filigree.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Training steps of some workers together; figures are null where there is an {@code obstacle}.
 *
 * @param device {@code cpu}, with the processors that each worker has, or the GPU's name
 * @param workers how many train together
 * @param model the network
 * @param parameters elements of the dense model
 * @param execution {@code dense}, {@code masked} or {@code compressed}
 * @param sparsity of the decoder layers' weights, a fraction
 * @param wire the type that gradients are sent in
 * @param tokens tokens a step, of all workers
 * @param obstacle why there are no figures
 * @param seconds of a step, median
 * @param tokensPerSecond of all workers
 * @param efficiency tokens a second over workers times those of one; null where one was not
 *     measured
 * @param bytesPerStep that a worker gives into sums
 * @param keptBytes of the gradients of all weights that exist, in the type on the wire
 * @param denseBytes of the gradients of a dense model
 * @param waitingShare of the step, spent waiting for other workers and for what is on its way
 */
@JsonNaming(SnakeCaseStrategy.class)
record ScaleRow(
    String device,
    int workers,
    String model,
    long parameters,
    String execution,
    double sparsity,
    String wire,
    long tokens,
    @Nullable String obstacle,
    @Nullable Double seconds,
    @Nullable Double tokensPerSecond,
    @Nullable Double efficiency,
    @Nullable Long bytesPerStep,
    @Nullable Long keptBytes,
    @Nullable Long denseBytes,
    @Nullable Double waitingShare) {

  static String header() {
    return String.format(
        Locale.ROOT,
        "%7s %-14s %-10s %8s %9s %9s %10s %9s %9s %9s %8s%n",
        "workers",
        "model",
        "execution",
        "sparsity",
        "ms/step",
        "tokens/s",
        "efficiency",
        "MB/step",
        "kept MB",
        "dense MB",
        "waiting");
  }

  String line() {
    if (obstacle != null) {
      return String.format(
          Locale.ROOT, "%7d %-14s %-10s %8s %s%n", workers, model, execution, sparsity, obstacle);
    }
    return String.format(
        Locale.ROOT,
        "%7d %-14s %-10s %8s %9s %9s %10s %9s %9s %9s %8s%n",
        workers,
        model,
        execution,
        sparsity,
        number("%.1f", 1e3, seconds),
        number("%.0f", 1, tokensPerSecond),
        number("%.1f%%", 1e2, efficiency),
        number("%.1f", 1e-6, bytesPerStep),
        number("%.1f", 1e-6, keptBytes),
        number("%.1f", 1e-6, denseBytes),
        number("%.1f%%", 1e2, waitingShare));
  }

  static String footer() {
    return "efficiency: tokens/s over workers times those of one. MB/step: what a worker gives into"
        + " sums; a ring of n sends 2 (n - 1) / n of it.\n";
  }

  private static String number(String format, double scale, @Nullable Number value) {
    return value == null ? "" : String.format(Locale.ROOT, format, scale * value.doubleValue());
  }
}
