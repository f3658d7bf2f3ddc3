package dev.filigree.nn;

import static org.bytedeco.pytorch.global.torch.linear;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer, y = x·Wᵀ + b, with a weight [out_features, in_features]. Its product can be
 * computed in another way, see {@link Product}; the weight then has the form that way gives it:
 * [kept] while it is stored compressed.
 */
public final class Linear extends WeightedLayer {
  private final long inFeatures;
  private final long outFeatures;
  private final @Nullable Tensor bias; // [out_features]
  private @Nullable Product product;

  /** A layer with zero weights: initialising or loading them is the model's part. */
  public Linear(long inFeatures, long outFeatures, boolean withBias) {
    super(torch.zeros(outFeatures, inFeatures));
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    bias = withBias ? registerParameter("bias", torch.zeros(outFeatures)) : null;
  }

  /**
   * Applies the layer.
   *
   * @param x [..., in_features]
   * @return [..., out_features]
   */
  public Tensor forward(Tensor x) {
    tellOf(x);
    if (product != null) {
      return product.forward(x, bias);
    }
    Tensor weight = effectiveWeight();
    return bias == null ? linear(x, weight) : linear(x, weight, new TensorOptional(bias));
  }

  public long inFeatures() {
    return inFeatures;
  }

  public long outFeatures() {
    return outFeatures;
  }

  /** [out_features], or null for a layer without bias. */
  public @Nullable Tensor bias() {
    return bias;
  }

  /** How the layer is computed now; null for the ordinary way. */
  public @Nullable Product product() {
    return product;
  }

  /** Computes the layer in another way from now on; null for the ordinary one. */
  public void product(@Nullable Product value) {
    product = value;
  }

  /** Another way to compute x·Wᵀ + b, differentiable in x, in b and in the stored weight. */
  @FunctionalInterface
  public interface Product {
    /**
     * Computes the layer.
     *
     * @param x [..., in_features]
     * @param bias [out_features], or null
     * @return [..., out_features]
     */
    Tensor forward(Tensor x, @Nullable Tensor bias);
  }
}
