package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import org.bytedeco.pytorch.Module;

/** Wraps for tests that look at weights and gradients as dense tensors. */
final class MaskedTraining {
  static final SparsityOptions MASKED = SparsityOptions.defaults().execution(Execution.MASKED);

  private MaskedTraining() {}

  static SparseOptimizer wrap(Module model, Optimizer optimizer, SparsityAlgorithm algorithm) {
    return Sparsity.wrap(model, optimizer, AlgorithmGroup.of(algorithm), MASKED);
  }
}
