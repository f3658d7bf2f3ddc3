package example;

import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Tensor;

/** Drops the smallest weights and grows where the gradient is largest. */
public final class FromCstorch extends SparsityAlgorithm {
  public FromCstorch(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<FromCstorch> builder() {
    return new AlgorithmBuilder<>(FromCstorch::new);
  }

  /** Gathered before an update only; cstorch's RigL copies it in every backward pass. */
  @Override
  public Evidence evidence() {
    return Evidence.gradient();
  }

  /** What make_mask_drop_minimum was given. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** What make_mask_grow_maximum was given. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.gradient().abs();
  }
}
