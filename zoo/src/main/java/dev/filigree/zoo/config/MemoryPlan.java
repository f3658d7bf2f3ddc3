package dev.filigree.zoo.config;

import java.util.List;

/**
 * An estimate of the memory that training takes, without activations, in bytes.
 *
 * @param weights float32
 * @param gradients float32
 * @param optimizerState float32
 * @param masks which weights exist: 4 bytes for each weight as on a CPU (1 on a GPU), or about 8.5,
 *     positions in both directions, for each kept one
 */
public record MemoryPlan(long weights, long gradients, long optimizerState, long masks) {
  static MemoryPlan masked(List<RunPlan.Layer> layers, int states) {
    long size = layers.stream().mapToLong(RunPlan.Layer::size).sum();
    long sparse =
        layers.stream().filter(RunPlan.Layer::isSparse).mapToLong(RunPlan.Layer::size).sum();
    return new MemoryPlan(4 * size, 4 * size, 4L * states * size, 4 * sparse);
  }

  static MemoryPlan compressed(List<RunPlan.Layer> layers, int states) {
    long kept = layers.stream().mapToLong(MemoryPlan::atMost).sum();
    long sparse =
        layers.stream().filter(RunPlan.Layer::isSparse).mapToLong(MemoryPlan::atMost).sum();
    return new MemoryPlan(4 * kept, 4 * kept, 4L * states * kept, 17 * sparse / 2);
  }

  /** A run that begins denser than it ends needs the memory of its beginning. */
  private static long atMost(RunPlan.Layer layer) {
    double densest = 1 - Math.min(layer.initialSparsity(), layer.finalSparsity());
    return Math.max(layer.kept(), (long) (densest * layer.size()));
  }

  public long total() {
    return weights + gradients + optimizerState + masks;
  }
}
