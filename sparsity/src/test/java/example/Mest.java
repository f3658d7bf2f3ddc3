package example;

import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Memory-economic sparse training: drop where |w| + λ·|gradient| is smallest, grow at random. Yuan
 * et al., NeurIPS 2021, section 3.1; here with Adam's running mean of the gradient.
 */
public final class Mest extends SparsityAlgorithm {
  private static final double LAMBDA = 0.01;

  public Mest(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<Mest> builder() {
    return new AlgorithmBuilder<>(Mest::new);
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    Tensor gradient = weight.optimizerState("exp_avg").abs();
    return weight.values().abs().add(gradient, new Scalar(LAMBDA));
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }
}
