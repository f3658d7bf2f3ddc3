package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.Counting;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.Masks;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * STR, soft threshold reparametrisation: every layer multiplies with sign(θ)·relu(|θ| − σ(s)) and
 * learns its s. How sparse it becomes is an outcome of s and of the weight decay that acts on it,
 * not of the configured sparsity. Kusupati et al., "Soft Threshold Weight Reparameterization for
 * Learnable Sparsity", ICML 2020, equation 3.
 */
public final class SoftThreshold extends SparsityAlgorithm {
  /** The tensor that a layer learns. */
  private static final String THRESHOLD = "threshold";

  private final Options options;

  /**
   * The first s of every layer; the threshold is σ(s).
   *
   * @param init in the paper −3200 to −5 with weight decay, depending on the network
   */
  public record Options(double init) {}

  SoftThreshold(AlgorithmSettings settings, Options options) {
    super(settings.withDistribution(new AboveThreshold()));
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<SoftThreshold> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new SoftThreshold(settings, options));
  }

  /** How far a weight is above its layer's threshold: those that exist are above 0. */
  @Override
  public Tensor allocationScore(WeightView weight) {
    return weight.values().abs().sub(weight.forwardTensor(THRESHOLD).sigmoid());
  }

  /** The mask is chosen again among all weights. */
  @Override
  public double dropFraction(long step) {
    return 1;
  }

  @Override
  public boolean needsDropFraction() {
    return false;
  }

  @Override
  public boolean needsSparsity() {
    return false;
  }

  /** The mask keeps every weight until the first update, though thresholds act from the start. */
  @Override
  public boolean startsDense() {
    return true;
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.values().abs();
  }

  @Override
  public ForwardWeight forwardWeight() {
    Tensor s = torch.full(new long[] {1}, new Scalar(options.init)).set_requires_grad(true);
    return new Reparametrised(new Tensor(s).retainReference());
  }

  private record Reparametrised(Tensor s) implements ForwardWeight {
    @Override
    public Map<String, Tensor> tensors() {
      return Map.of(THRESHOLD, s);
    }

    @Override
    public Tensor of(Tensor weight, Tensor mask) {
      return weight.sign().mul(weight.abs().sub(s.sigmoid()).relu());
    }
  }

  /** As many weights of each parameter as lie above its threshold. */
  private static final class AboveThreshold implements Distribution {
    @Override
    public double[] spread(double sparsity, List<? extends Parameter> parameters) {
      return parameters.stream().mapToDouble(AboveThreshold::sparsity).toArray();
    }

    private static double sparsity(Parameter parameter) {
      var sparsity = new double[1];
      Tensors.inScope(
          () -> {
            Tensor scores = parameter.scores();
            sparsity[0] = Counting.sparsity(scores.numel(), Masks.count(scores.gt(new Scalar(0))));
          });
      return sparsity[0];
    }

    @Override
    public boolean needsScores() {
      return true;
    }
  }
}
