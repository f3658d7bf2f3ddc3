package example;

import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Drop where |w · gradient|, the first term of the change of the loss, is smallest; grow at random.
 * Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019.
 */
public final class Taylor extends SparsityAlgorithm {
  private final Options options;

  /** The power of the gradient: 1 is Taylor's first term, 0 the magnitude alone. */
  public record Options(double power) {}

  public Taylor(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  public static AlgorithmBuilder<Taylor> builder(double power) {
    return new AlgorithmBuilder<>(settings -> new Taylor(settings, new Options(power)));
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs().mul(weight.keptGradient().abs().pow(new Scalar(options.power)));
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }
}
