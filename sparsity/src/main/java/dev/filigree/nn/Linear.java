package dev.filigree.nn;

import static org.bytedeco.pytorch.global.torch.linear;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer, y = x·Wᵀ + b. Its product can be computed in another way, see {@link Product}.
 */
public final class Linear extends Layer {
  private final long inFeatures;
  private final long outFeatures;
  private final Tensor weight; // [out_features, in_features]; what a product makes of it while set
  private final @Nullable Tensor bias; // [out_features]
  private @Nullable Product product;

  /**
   * A layer with PyTorch's initial values: weight and bias uniform within ±1/√in_features, drawn
   * from libtorch's generator ({@code torch.manual_seed}).
   */
  public Linear(long inFeatures, long outFeatures, boolean withBias) {
    this(
        inFeatures,
        PytorchInit.fanIn(inFeatures, torch.empty(outFeatures, inFeatures)),
        withBias ? PytorchInit.fanIn(inFeatures, torch.empty(outFeatures)) : null);
  }

  private Linear(long inFeatures, Tensor weight, @Nullable Tensor bias) {
    this.inFeatures = inFeatures;
    outFeatures = weight.size(0);
    this.weight = registerParameter("weight", weight);
    this.bias = bias == null ? null : registerParameter("bias", bias);
    LinearLayers.add(this);
  }

  /** A layer of zeros, for a model that initialises or loads its parameters itself. */
  public static Linear zeros(long inFeatures, long outFeatures, boolean withBias) {
    return new Linear(
        inFeatures,
        torch.zeros(outFeatures, inFeatures),
        withBias ? torch.zeros(outFeatures) : null);
  }

  /**
   * The layer that computes with a weight, wherever in a module it stands; empty for a tensor that
   * is no linear layer's weight.
   */
  public static Optional<Linear> of(Tensor weight) {
    return LinearLayers.of(weight);
  }

  /**
   * Applies the layer.
   *
   * @param x [..., in_features]
   * @return [..., out_features]
   */
  public Tensor forward(Tensor x) {
    if (product != null) {
      return product.forward(x, bias);
    }
    return bias == null ? linear(x, weight) : linear(x, weight, new TensorOptional(bias));
  }

  public long inFeatures() {
    return inFeatures;
  }

  public long outFeatures() {
    return outFeatures;
  }

  /** The trainable weight: [out_features, in_features], or [kept] while it is stored compressed. */
  public Tensor weight() {
    return weight;
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
