package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * DSR, dynamic sparse reparameterization: weights with |w| below one threshold for all layers go,
 * and as many grow at random, in each layer in proportion to the weights that it has left. The
 * threshold doubles where too few went and halves where too many did. Mostafa and Wang, "Parameter
 * Efficient Training of Deep Convolutional Neural Networks by Dynamic Sparse Reparameterization",
 * ICML 2019, algorithm 1.
 */
public final class DynamicReparameterization extends SparsityAlgorithm {
  private final Options options;

  /**
   * How the threshold adapts. The number of weights that an update is meant to move, N_p, is the
   * drop fraction of all.
   *
   * @param threshold H at the first update
   * @param tolerance δ: H stays while an update drops (1 − δ)·N_p to (1 + δ)·N_p weights
   */
  public record Options(@Default("1e-3") double threshold, @Default("0.1") double tolerance) {
    /**
     * @throws IllegalArgumentException for a threshold that is not above 0 and finite, or a
     *     tolerance outside [0, 1)
     */
    public Options {
      if (!(threshold > 0 && threshold < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("threshold must be above 0, found " + threshold);
      }
      if (!(tolerance >= 0 && tolerance < 1)) {
        throw new IllegalArgumentException("tolerance must lie in [0, 1), found " + tolerance);
      }
    }
  }

  DynamicReparameterization(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<DynamicReparameterization> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new DynamicReparameterization(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<DynamicReparameterization> recipe(long steps, double sparsity) {
    return Recipe.of("dsr", steps, sparsity).applyTo(builder(new Options(1e-3, 0.1)));
  }

  /** The smallest |w|, those below the threshold, go. */
  @Override
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** What grows begins at zero, anywhere. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.random();
  }

  @Override
  public Optional<Redistribution> redistribution() {
    return Optional.of(new Reallocation());
  }

  /** Algorithm 1: K_i weights of each layer go, l_i stay, ΣK·l_i/Σl come. */
  private final class Reallocation implements Redistribution {
    private double threshold = options.threshold; // H

    @Override
    public List<Counts> spread(long step, long total, List<? extends WeightView> weights) {
      var left = new long[weights.size()];
      long existed = 0;
      for (int i = 0; i < left.length; i++) {
        WeightView weight = weights.get(i);
        Tensor large = weight.values().abs().ge(new Scalar(threshold));
        left[i] = large.logical_and(weight.mask()).sum().item_long();
        existed += weight.mask().sum().item_long();
      }
      adapt(existed - Arrays.stream(left).sum(), dropFraction(step) * existed);
      double[] shares = Arrays.stream(left).asDoubleStream().toArray();
      return Shares.regrow(total, left, shares, weights);
    }

    private void adapt(long dropped, double meant) {
      if (dropped < (1 - options.tolerance) * meant) {
        threshold *= 2;
      } else if (dropped > (1 + options.tolerance) * meant) {
        threshold /= 2;
      }
    }

    @Override
    public Map<String, Object> state() {
      return Map.of("threshold", threshold);
    }

    @Override
    public void load(Map<String, Object> state) {
      if (state.get("threshold") instanceof Number saved) {
        threshold = saved.doubleValue();
      }
    }
  }
}
