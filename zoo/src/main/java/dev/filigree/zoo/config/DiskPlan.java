package dev.filigree.zoo.config;

import java.util.List;

/**
 * An estimate of what the checkpoints of a run take on disk, in bytes.
 *
 * @param denseWeights weights of one checkpoint, zeros and all
 * @param keptWeights the same with {@code checkpoint.weights: compressed}
 * @param optimizerState of the weights that exist, their ages included where they have some
 * @param masks a bit a weight
 * @param compressed whether the run writes kept weights alone
 * @param checkpoints that are there at the same time, the one included that is being written
 */
public record DiskPlan(
    long denseWeights,
    long keptWeights,
    long optimizerState,
    long masks,
    boolean compressed,
    long checkpoints) {
  static DiskPlan of(RunConfig config, List<RunPlan.Layer> layers, int states) {
    long size = 0;
    long kept = 0;
    long sparse = 0;
    for (RunPlan.Layer layer : layers) {
      size += layer.size();
      kept += MemoryPlan.atMost(layer);
      sparse += layer.isSparse() ? layer.size() : 0;
    }
    CheckpointConfig saving = config.checkpoint();
    boolean compressed =
        saving.weights() == CheckpointConfig.Weights.COMPRESSED && config.sparsity().isPresent();
    long saved = 1 + (saving.steps() > 0 ? (config.loop().lastStep() - 1) / saving.steps() : 0);
    long staying = saving.keep() + (saving.keepBest() ? 1 : 0) + 1;
    return new DiskPlan(
        4 * size,
        4 * kept,
        4L * states * kept + MemoryPlan.ages(layers, MemoryPlan::atMost),
        Math.ceilDiv(sparse, 8),
        compressed,
        saving.keep() == 0 ? saved : Math.min(saved, staying));
  }

  /** One checkpoint. */
  public long each() {
    return (compressed ? keptWeights : denseWeights) + optimizerState + masks;
  }

  /** All that are there at the same time. */
  public long total() {
    return checkpoints * each();
  }
}
