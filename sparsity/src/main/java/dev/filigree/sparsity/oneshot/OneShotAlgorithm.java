package dev.filigree.sparsity.oneshot;

import org.bytedeco.pytorch.Tensor;

/** Prunes the weight of one trained layer at once, perhaps by what the layer's inputs are like. */
public interface OneShotAlgorithm {
  /** Whether it needs to know inputs of the layer, and so batches to calibrate with. */
  boolean needsInputs();

  /**
   * Prunes a weight, which stays as it is. Called without gradients, in a pointer scope.
   *
   * @param name of the weight, for errors
   * @param weight float32 [out_features, in_features]; of an algorithm that needs no inputs any
   *     shape of two or more dimensions
   * @param inputs what the layer saw; nothing for an algorithm that needs none
   * @param target how many weights stay
   * @throws IllegalArgumentException naming the weight, where its shape and the target do not fit
   */
  PrunedWeight prune(String name, Tensor weight, LayerInputs inputs, PruningTarget target);
}
