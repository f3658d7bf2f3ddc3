package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import dev.filigree.torch.CustomFunction;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Top-KAST: the forward pass multiplies with the weights A of largest |θ|, the backward pass trains
 * a superset B of them; a penalty on all of B, the larger on B \ A, lets A change. Jayakumar et
 * al., "Top-KAST: Top-K Always Sparse Training", NeurIPS 2020, sections 2.1 to 2.3.
 */
public final class TopKast extends SparsityAlgorithm {
  private final Options options;

  /**
   * What the paper chooses for a run.
   *
   * @param backwardSparsity the fraction of the weights outside B, at most the sparsity
   * @param penalty λ: the gradient of the penalty is λ·θ in A, λ·θ/D in B \ A, where D is the
   *     density of A
   */
  public record Options(double backwardSparsity, @Default("1e-4") double penalty) {
    /**
     * @throws IllegalArgumentException for a backward sparsity outside [0, 1] or a negative penalty
     */
    public Options {
      if (!(backwardSparsity >= 0 && backwardSparsity <= 1) || !(penalty >= 0)) {
        throw new IllegalArgumentException(
            "backward_sparsity must lie in [0, 1] and penalty be at least 0, found %s and %s"
                .formatted(backwardSparsity, penalty));
      }
    }
  }

  TopKast(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<TopKast> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new TopKast(settings, options));
  }

  /** A is chosen again among all weights. */
  @Override
  public double dropFraction(long step) {
    return 1;
  }

  @Override
  public boolean needsDropFraction() {
    return false;
  }

  @Override
  public Tensor growScore(WeightView weight) {
    return weight.values().abs();
  }

  /** B. */
  @Override
  public long trained(long kept, long size) {
    return Math.clamp(Math.round((1 - options.backwardSparsity) * size), kept, size);
  }

  @Override
  public ForwardWeight forwardWeight() {
    return new Sets();
  }

  /** A weight's sets: A is the mask, B is kept here. */
  private final class Sets implements ForwardWeight {
    private @Nullable Tensor trained; // B, bool of the weight's shape
    private double density; // of A

    @Override
    public void onMask(Tensor weight, Tensor mask) {
      long size = weight.numel();
      long kept = mask.sum().item_long();
      long wanted = trained(kept, size);
      Tensor score =
          weight.abs().to(ScalarType.Float).masked_fill(mask, new Scalar(Float.MAX_VALUE));
      Tensor chosen = torch.zeros_like(score).flatten().to(ScalarType.Bool);
      chosen.index_fill_(0, torch.topk(score.flatten(), wanted).get1(), new Scalar(1));
      Tensor set = chosen.view_as(weight);
      if (trained == null) {
        trained = new Tensor(set).retainReference();
      } else {
        trained.copy_(set);
      }
      density = (double) kept / size;
    }

    @Override
    public Map<String, Tensor> tensors() {
      return trained == null ? Map.of() : Map.of("trained", trained);
    }

    @Override
    public Tensor of(Tensor weight, Tensor mask) {
      Tensor multiplied = weight.detach().masked_fill(mask.logical_not(), new Scalar(0));
      Tensor set = trained;
      if (set == null) {
        return multiplied;
      }
      double inside = options.penalty;
      double outside = density == 0 ? 0 : options.penalty / density;
      return CustomFunction.apply(
          weight,
          multiplied,
          gradient -> {
            Tensor theta = weight.detach();
            Tensor rate = torch.where(mask, new Scalar(inside), new Scalar(outside));
            return gradient.add(theta.mul(rate)).masked_fill(set.logical_not(), new Scalar(0));
          });
    }
  }
}
