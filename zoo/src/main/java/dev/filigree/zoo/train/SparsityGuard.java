package dev.filigree.zoo.train;

import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.zoo.train.event.TrainingException;

/** Stops a run that is denser than it says: counted weights against the target. */
final class SparsityGuard {
  /** What rounding in groups of weights, whole rows or blocks, may leave. */
  private static final double TOLERANCE = 0.01;

  private SparsityGuard() {}

  /**
   * Checks every sparse parameter.
   *
   * @throws TrainingException naming the first one that keeps more than its target, or that has
   *     weights outside its mask
   */
  static void check(Session session) {
    session.sparsity().ifPresent(sparse -> check(sparse, session.keepsGivenZeros()));
  }

  private static void check(SparseOptimizer sparse, boolean keepsGivenZeros) {
    try {
      sparse.verify();
    } catch (IllegalStateException e) {
      throw new TrainingException("not as sparse as configured: " + e.getMessage(), e);
    }
    for (SparseParameter parameter : sparse.parameters()) {
      double target = parameter.targetSparsity();
      // A mask from the zeros of given weights has the sparsity that it finds.
      if (!keepsGivenZeros && parameter.sparsity() < target - TOLERANCE) {
        throw new TrainingException(
            "not as sparse as configured: %s has sparsity %.4f where the target is %.4f"
                .formatted(parameter.name(), parameter.sparsity(), target));
      }
    }
  }
}
