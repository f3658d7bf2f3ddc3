package example;

import dev.filigree.sparsity.AlgorithmBuilder;
import dev.filigree.sparsity.AlgorithmSettings;
import dev.filigree.sparsity.DynamicSparsity;
import dev.filigree.sparsity.KeptWeights;
import dev.filigree.sparsity.MissingWeights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Memory-economic sparse training: drop where |w| + λ·|gradient| is smallest, grow at random. Yuan
 * et al., NeurIPS 2021, section 3.1; here with Adam's running mean of the gradient.
 */
public final class Mest extends DynamicSparsity {
  private static final double LAMBDA = 0.01;

  public Mest(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<Mest> builder() {
    return new AlgorithmBuilder<>(Mest::new);
  }

  @Override
  protected Tensor dropScore(KeptWeights weights) {
    Tensor gradient = weights.optimizerState("exp_avg").abs();
    return weights.values().abs().add(gradient, new Scalar(LAMBDA));
  }

  @Override
  protected Tensor growScore(MissingWeights weights) {
    return weights.random();
  }
}
