package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import dev.filigree.schedule.EverySteps;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * CHTs, Cannistraci-Hebb training by the soft rule: weights are drawn to stay with probabilities
 * |w|^T, and to grow with those of the link predictor CH2-L3n, which sees where weights are and not
 * what they are. Zhang et al., "Brain network science modelling of sparse neural networks enables
 * Transformers and LLMs to perform as fully connected", NeurIPS 2025, arXiv:2501.19107, section 3.
 * Links are predicted from the mask before the drop, for whole matrices, not for each head.
 */
public final class CannistraciHebb extends SparsityAlgorithm {
  private static final double LEAST = 1e-12; // of what a logarithm is taken of

  private final Options options;

  /**
   * The temperature T of the draw, which rises in a straight line to the stop of the update
   * schedule; without a stop it keeps its first value. The higher, the more certainly the largest
   * |w| stay.
   *
   * @param startTemperature at step 0
   * @param endTemperature at the stop
   */
  public record Options(
      @Default("1.0") double startTemperature, @Default("9.0") double endTemperature) {
    /**
     * @throws IllegalArgumentException for a temperature that is not above 0 and finite
     */
    public Options {
      for (double each : new double[] {startTemperature, endTemperature}) {
        if (!(each > 0 && each < Double.POSITIVE_INFINITY)) {
          throw new IllegalArgumentException("a temperature must be above 0, found " + each);
        }
      }
    }
  }

  CannistraciHebb(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<CannistraciHebb> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new CannistraciHebb(settings, options));
  }

  /**
   * The settings of the paper for a run, see {@link Recipe}; the builder may change them.
   *
   * @param steps of the whole run
   * @param sparsity at its end, a fraction in (0, 1)
   */
  public static AlgorithmBuilder<CannistraciHebb> recipe(long steps, double sparsity) {
    return Recipe.of("chts", steps, sparsity).applyTo(builder(new Options(1, 9)));
  }

  /** Draws what stays by |w|^T. */
  @Override
  public Tensor dropScore(WeightView weight) {
    Tensor logits = logarithm(weight.values().abs()).mul(new Scalar(temperature(weight.step())));
    return drawn(logits, weight.random());
  }

  /** Draws what grows by the likelihood of the link. */
  @Override
  public Tensor growScore(WeightView weight) {
    return drawn(logarithm(linkScores(weight.mask())), weight.random());
  }

  private double temperature(long step) {
    double done =
        settings().update() instanceof EverySteps every && every.stop().isPresent()
            ? Math.min(1, step / (double) every.stop().getAsLong())
            : 0;
    return options.startTemperature + done * (options.endTemperature - options.startTemperature);
  }

  private static Tensor logarithm(Tensor x) {
    return x.to(ScalarType.Float).clamp_min(new Scalar(LEAST)).log();
  }

  /**
   * The k largest of these are k draws without replacement: Gumbel noise on the logarithms of
   * probabilities, Kool, van Hoof and Welling 2019, arXiv:1903.06059, section 2.3.
   *
   * @param random uniform in [0, 1)
   */
  static Tensor drawn(Tensor logits, Tensor random) {
    return logits.sub(random.log().neg().log());
  }

  /**
   * CH2-L3n of each possible link between an output and an input: over the paths of three links
   * between them, each counts what its intermediate nodes share over what they have besides.
   *
   * @param mask bool [out_features, in_features, ...]; the further dimensions count to the inputs
   * @return float32 of the mask's shape, 0 where no path leads
   */
  static Tensor linkScores(Tensor mask) {
    Tensor links = mask.reshape(mask.size(0), -1).to(ScalarType.Float);
    Tensor inputs = links.t();
    Tensor scores = community(links).matmul(links).add(community(inputs).matmul(inputs).t());
    return scores.reshape(mask.sizes());
  }

  /** (1 + shared neighbours) / (1 + others of the second node) for each pair that shares some. */
  private static Tensor community(Tensor links) {
    Tensor shared = links.matmul(links.t());
    Tensor sharing = shared.ne(new Scalar(0)).to(ScalarType.Float);
    // The first node is one of the others, and does not count.
    Tensor others =
        links.sum(1).sub(shared).mul(sharing).clamp_min(new Scalar(1)).sub(new Scalar(1));
    return shared.add(sharing).div(others.add(new Scalar(1)));
  }
}
