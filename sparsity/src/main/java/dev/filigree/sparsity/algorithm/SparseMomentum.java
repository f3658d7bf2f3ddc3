package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import dev.filigree.mask.Counting;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * SNFS, sparse momentum: every layer drops the fraction p of its weights with the smallest |w|; all
 * that was dropped grows again where the momentum of the gradient is largest, in each layer as much
 * as the mean momentum of its weights is of that of all layers. Dettmers and Zettlemoyer, "Sparse
 * Networks from Scratch: Faster Training without Losing Performance", 2019, algorithm 1.
 */
public final class SparseMomentum extends SparsityAlgorithm {
  private final Options options;

  /**
   * What the momentum is.
   *
   * @param beta the decay rate of the average gradient of every weight, in [0, 1)
   */
  public record Options(@Default("0.9") double beta) {
    /**
     * @throws IllegalArgumentException for a beta outside [0, 1)
     */
    public Options {
      if (!(beta >= 0 && beta < 1)) {
        throw new IllegalArgumentException("beta must lie in [0, 1), found " + beta);
      }
    }
  }

  SparseMomentum(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<SparseMomentum> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new SparseMomentum(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<SparseMomentum> recipe(long steps, double sparsity) {
    return Recipe.of("snfs", steps, sparsity).applyTo(builder(new Options(0.9)));
  }

  /** M, of the weights too that do not exist. */
  @Override
  public Evidence evidence() {
    return Evidence.momentum(options.beta);
  }

  /** Line 14: the smallest |w| of each layer go. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** Line 17: the largest |M| among the missing come. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.momentum().abs();
  }

  /** Lines 9 to 12: layers share what was dropped by the mean |M| of the weights they have. */
  @Override
  public Optional<Redistribution> redistribution() {
    return Optional.of(this::spread);
  }

  private List<Redistribution.Counts> spread(
      long step, long total, List<? extends WeightView> weights) {
    var left = new long[weights.size()];
    var momentum = new double[weights.size()];
    for (int i = 0; i < left.length; i++) {
      Tensor mask = weights.get(i).mask();
      long exist = mask.sum().item_long();
      left[i] = Counting.afterDrop(exist, dropFraction(step));
      Tensor ofExisting = weights.get(i).momentum().abs().masked_select(mask);
      momentum[i] = ofExisting.sum().item_double() / Math.max(1, exist);
    }
    return Shares.regrow(total, left, momentum, weights);
  }
}
