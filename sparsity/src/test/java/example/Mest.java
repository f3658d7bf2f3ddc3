package example;

import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Memory-economic sparse training: drop where |w| + λ·|gradient| is smallest, grow at random. Yuan
 * et al., NeurIPS 2021, section 3.1.
 */
public final class Mest extends SparsityAlgorithm {
  private final Options options;

  /** λ, the weight of the gradient. */
  public record Options(double lambda) {}

  public Mest(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  public static AlgorithmBuilder<Mest> builder(double lambda) {
    return new AlgorithmBuilder<>(settings -> new Mest(settings, new Options(lambda)));
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs().add(weight.keptGradient().abs(), new Scalar(options.lambda));
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }
}
