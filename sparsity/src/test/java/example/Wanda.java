package example;

import dev.filigree.mask.ScoreShaper;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Tensor;

/** Prune where |w|·‖x‖ is smallest, for each output by itself. Sun et al., ICLR 2024, eq. 1. */
public final class Wanda extends SparsityAlgorithm {
  public Wanda(AlgorithmSettings settings) {
    super(settings);
  }

  public static AlgorithmBuilder<Wanda> builder() {
    return new AlgorithmBuilder<>(Wanda::new)
        .shaper((name, shape) -> ScoreShaper.outputGroups(shape[0]).group(name, shape))
        .update(step -> false)
        .dropFraction(0);
  }

  @Override
  public boolean startsDense() {
    return true;
  }

  @Override
  public Evidence evidence() {
    return Evidence.inputNorms();
  }

  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs().mul(weight.inputNorms());
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.zeros();
  }
}
