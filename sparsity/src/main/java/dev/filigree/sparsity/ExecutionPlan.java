package dev.filigree.sparsity;

import dev.filigree.nn.Linear;
import dev.filigree.nn.WeightedLayer;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.storage.SparseProducts;

/** How a parameter will be stored and computed with. */
sealed interface ExecutionPlan {
  /**
   * A dense tensor with zeros.
   *
   * @param reason why not compressed
   */
  record Masked(String reason) implements ExecutionPlan {}

  /** All weights stored, the layer multiplying with what is made of them and the mask. */
  record Dense(WeightedLayer layer, ForwardWeight forward) implements ExecutionPlan {}

  /** The existing weights only, from the first mask on. */
  record Compressed(Linear layer, SparseProducts products) implements ExecutionPlan {}
}
