package example;

import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Tensor;

/** Drops the smallest weights and grows where the gradient is largest. */
public final class FromJaxpruner extends SparsityAlgorithm {
  public FromJaxpruner(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<FromJaxpruner> builder() {
    return new AlgorithmBuilder<>(FromJaxpruner::new);
  }

  @Override
  public Evidence evidence() {
    return Evidence.gradient();
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.gradient().abs();
  }
}
