package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/** Masks chosen once, at the beginning, and never changed. */
public final class Static extends SparsityAlgorithm {
  Static(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<Static> builder() {
    return new AlgorithmBuilder<>(Static::new);
  }

  @Override
  public boolean isUpdate(long step) {
    return false;
  }

  @Override
  public boolean startsDense() {
    return false;
  }

  /** What the schedule says at the beginning. */
  @Override
  public double sparsity(long step) {
    return super.sparsity(0);
  }

  /** Nothing ever grows. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.zeros();
  }
}
