package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/** Static sparsity: masks are chosen once, at initialization, and never change. */
public final class Static extends SparsityAlgorithm {
  Static(AlgorithmSettings settings) {
    super(settings);
  }

  /** A builder in which nothing is chosen yet. */
  public static AlgorithmBuilder<Static> builder() {
    return new AlgorithmBuilder<>(Static::new);
  }

  /**
   * The mask of a constant sparsity, drawn once.
   *
   * @param sparsity a fraction in (0, 1)
   */
  public static AlgorithmBuilder<Static> recipe(double sparsity) {
    return Recipe.of("static", 1, sparsity).applyTo(builder());
  }

  @Override
  public boolean needsUpdateSchedule() {
    return false;
  }

  @Override
  public boolean needsDropFraction() {
    return false;
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
