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
 * @param overlap whether gradients were sent while the backward pass ran
 * @param shardOptimizerState whether the optimizer's state was shared out
 * @param checkpointing whether activations were computed again in the backward pass
 * @param tokens tokens a step, of all workers
 * @param obstacle why there are no figures
 * @param seconds of a step, median
 * @param tokensPerSecond of all workers
 * @param efficiency tokens a second over workers times those of one; null where one was not
 *     measured
 * @param predictedSeconds of a step by {@link dev.filigree.zoo.config.ScaleCost}, from the step of
 *     one worker; null without a bandwidth
 * @param bytesPerStep that a worker gives into sums, and where the state is shared out the weights
 *     that it receives
 * @param keptBytes of the gradients of all weights that exist, in the type on the wire
 * @param denseBytes of the gradients of a dense model
 * @param waitingShare of the step, spent waiting for other workers and for what is on its way
 * @param memoryBytes of the first worker: in use on its GPU, or the peak of its process
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
    boolean overlap,
    boolean shardOptimizerState,
    boolean checkpointing,
    long tokens,
    @Nullable String obstacle,
    @Nullable Double seconds,
    @Nullable Double tokensPerSecond,
    @Nullable Double efficiency,
    @Nullable Double predictedSeconds,
    @Nullable Long bytesPerStep,
    @Nullable Long keptBytes,
    @Nullable Long denseBytes,
    @Nullable Double waitingShare,
    @Nullable Long memoryBytes) {

  static String header() {
    return String.format(
        Locale.ROOT,
        "%7s %-11s %-10s %8s %-8s %-7s %-6s %9s %9s %10s %10s %8s %9s %8s %7s%n",
        "workers",
        "model",
        "execution",
        "sparsity",
        "wire",
        "overlap",
        "state",
        "ms/step",
        "predicted",
        "tokens/s",
        "efficiency",
        "MB/step",
        "dense MB",
        "waiting",
        "GB");
  }

  String line() {
    String first =
        String.format(
            Locale.ROOT,
            "%7d %-11s %-10s %8s %-8s %-7s %-6s ",
            workers,
            model,
            execution,
            sparsity,
            wire,
            overlap ? "yes" : "no",
            shardOptimizerState ? "shared" : "whole");
    if (obstacle != null) {
      return first + obstacle + System.lineSeparator();
    }
    return first
        + String.format(
            Locale.ROOT,
            "%9s %9s %10s %10s %8s %9s %8s %7s%n",
            number("%.1f", 1e3, seconds),
            number("%.1f", 1e3, predictedSeconds),
            number("%.0f", 1, tokensPerSecond),
            number("%.1f%%", 1e2, efficiency),
            number("%.1f", 1e-6, bytesPerStep),
            number("%.1f", 1e-6, denseBytes),
            number("%.1f%%", 1e2, waitingShare),
            number("%.1f", 1e-9, memoryBytes));
  }

  static String footer() {
    return "efficiency: tokens/s over workers times those of one. MB/step: what a worker gives into"
        + " sums; a ring of n sends 2 (n - 1) / n of it. predicted: milliseconds of a step by the"
        + " cost model, where bandwidth= says how fast a worker's connection is, in GB/s.\n";
  }

  private static String number(String format, double scale, @Nullable Number value) {
    return value == null ? "" : String.format(Locale.ROOT, format, scale * value.doubleValue());
  }
}
