package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * Drop and grow: every update drops the existing weights with the smallest scores, then grows
 * missing ones with the largest until the sparsity of the step is met.
 *
 * <p>A subclass says by what score weights grow, and may say by what score they go.
 */
public abstract class DynamicSparsity extends SparsityAlgorithm {
  protected DynamicSparsity(AlgorithmSettings settings) {
    super(settings);
  }

  /** The score of the existing weights, elementwise; the smallest go. By default |w|. */
  protected Tensor dropScore(KeptWeights weights) {
    return weights.values().abs();
  }

  /** The score of the missing weights, elementwise; the largest grow. */
  protected abstract Tensor growScore(MissingWeights weights);

  @Override
  protected boolean needsDropFraction() {
    return true;
  }

  @Override
  public DropAndGrow update(SparseParameter parameter, long step, double sparsity, long seed) {
    return new DropAndGrow(
        step,
        rate(settings().dropFraction(), step),
        sparsity,
        this::dropScore,
        this::growScore,
        settings().shaper(),
        settings().ties(),
        seed);
  }
}
