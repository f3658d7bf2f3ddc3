package example;

import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Tensor;

/**
 * All weights are stored and trained; the forward pass multiplies with the largest of them, chosen
 * anew at every update.
 */
public final class StraightThrough extends SparsityAlgorithm {
  public StraightThrough(AlgorithmSettings settings) {
    super(settings);
  }

  @Override
  public ForwardWeight forwardWeight() {
    return (weight, mask) -> weight.add(weight.mul(mask).sub(weight).detach());
  }

  @Override
  public boolean needsDropFraction() {
    return false;
  }

  /** All weights go, and the largest come back, whether they were there or not. */
  @Override
  public double dropFraction(long step) {
    return 1;
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.values().abs();
  }
}
