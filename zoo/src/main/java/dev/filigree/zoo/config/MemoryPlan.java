package dev.filigree.zoo.config;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * An estimate of what training takes in one execution, without activations, in bytes.
 *
 * @param weights float32
 * @param gradients float32
 * @param optimizerState float32
 * @param masks which weights exist: on a CPU 4 bytes for each weight, or about 8.5, positions in
 *     both directions, for each kept one; on a GPU 1 for each weight, or 4 for each kept one, and
 *     room for the largest weight in 16 bits
 * @param ages of the weights, for {@code regrown}: 2 bytes for each weight of a masked layer, or
 *     for each kept one
 */
public record MemoryPlan(long weights, long gradients, long optimizerState, long masks, long ages) {
  static MemoryPlan dense(List<RunPlan.Layer> layers, int states) {
    return of(sum(layers, RunPlan.Layer::size), states, 0, 0);
  }

  static MemoryPlan masked(List<RunPlan.Layer> layers, int states, boolean onGpu) {
    long sparse = sum(layers, layer -> layer.isSparse() ? layer.size() : 0);
    return of(
        sum(layers, RunPlan.Layer::size),
        states,
        onGpu ? sparse : 4 * sparse,
        ages(layers, RunPlan.Layer::size));
  }

  static MemoryPlan compressed(List<RunPlan.Layer> layers, int states, boolean onGpu) {
    long sparse = sum(layers, layer -> layer.isSparse() ? atMost(layer) : 0);
    long largest =
        layers.stream()
            .filter(RunPlan.Layer::isSparse)
            .mapToLong(RunPlan.Layer::size)
            .max()
            .orElse(0);
    return of(
        sum(layers, MemoryPlan::atMost),
        states,
        onGpu ? 4 * sparse + 2 * largest : 17 * sparse / 2,
        ages(layers, MemoryPlan::atMost));
  }

  private static MemoryPlan of(long weights, int states, long masks, long ages) {
    return new MemoryPlan(4 * weights, 4 * weights, 4L * states * weights, masks, ages);
  }

  /** Two bytes for each of some weights of the layers that count. */
  static long ages(List<RunPlan.Layer> layers, ToLongFunction<RunPlan.Layer> weights) {
    return 2 * sum(layers, layer -> layer.countsAges() ? weights.applyAsLong(layer) : 0);
  }

  private static long sum(List<RunPlan.Layer> layers, ToLongFunction<RunPlan.Layer> value) {
    return layers.stream().mapToLong(value).sum();
  }

  /** A run that begins denser than it ends needs the memory of its beginning. */
  static long atMost(RunPlan.Layer layer) {
    double densest = 1 - Math.min(layer.initialSparsity(), layer.finalSparsity());
    return Math.max(layer.kept(), (long) (densest * layer.size()));
  }

  /** All of it together. */
  public long total() {
    return weights + gradients + optimizerState + masks + ages;
  }
}
