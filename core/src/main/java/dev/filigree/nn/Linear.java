package dev.filigree.nn;

import static org.bytedeco.pytorch.global.torch.linear;

import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer, y = x·Wᵀ + b, with a weight [out_features, in_features]. A {@link Product} can
 * replace the computation; the weight then has the shape which that product stores, [kept] while it
 * is compressed.
 */
public final class Linear extends WeightedLayer {
  private final long inFeatures;
  private final long outFeatures;
  private final @Nullable Tensor bias; // [out_features]
  private @Nullable Product product;
  private @Nullable Consumer<Tensor> inputListener;

  /**
   * A layer with PyTorch's initial values: weight and bias uniform within ±1/√in_features, drawn
   * from libtorch's generator ({@code torch.manual_seed}).
   */
  public Linear(long inFeatures, long outFeatures, boolean withBias) {
    this(
        PytorchInit.fanIn(inFeatures, Allocation.empty(outFeatures, inFeatures)),
        withBias ? PytorchInit.fanIn(inFeatures, Allocation.empty(outFeatures)) : null);
  }

  private Linear(Tensor weight, @Nullable Tensor bias) {
    super(weight);
    outFeatures = weight.size(0);
    inFeatures = weight.size(1);
    this.bias = bias == null ? null : registerParameter("bias", bias);
  }

  /** A layer of zeros, for a model that initialises or loads its parameters itself. */
  public static Linear zeros(long inFeatures, long outFeatures, boolean withBias) {
    return new Linear(
        Allocation.zeros(outFeatures, inFeatures), withBias ? Allocation.zeros(outFeatures) : null);
  }

  /**
   * Applies the layer.
   *
   * @param x [..., in_features]
   * @return [..., out_features]
   */
  public Tensor forward(Tensor x) {
    if (inputListener != null) {
      inputListener.accept(x);
    }
    if (product != null) {
      return product.forward(x, bias);
    }
    Tensor weight = effectiveWeight();
    return bias == null ? linear(x, weight) : linear(x, weight, new TensorOptional(bias));
  }

  /**
   * The matrix [out_features, in_features] of a layer whose {@link #forward} is only a
   * multiplication with it, for callers that fuse the product into another operation; empty for a
   * layer with a bias, a {@link Product} or a listener to its inputs.
   */
  public Optional<Tensor> matrix() {
    return product == null && bias == null && inputListener == null
        ? Optional.of(effectiveWeight())
        : Optional.empty();
  }

  /** The size of the last dimension of the input. */
  public long inFeatures() {
    return inFeatures;
  }

  /** The size of the last dimension of the output. */
  public long outFeatures() {
    return outFeatures;
  }

  /** [out_features], or null for a layer without bias. */
  public @Nullable Tensor bias() {
    return bias;
  }

  /**
   * Sets the listener that receives the input of every forward pass, [..., in_features]; null
   * removes it.
   */
  public void inputListener(@Nullable Consumer<Tensor> value) {
    inputListener = value;
  }

  /** The product that computes this layer; null for the dense one. */
  public @Nullable Product product() {
    return product;
  }

  /** Sets the product that computes this layer; null restores the dense one. */
  public void product(@Nullable Product value) {
    product = value;
  }

  /**
   * A way to compute x·Wᵀ + b that is differentiable with respect to x, b and the stored weight.
   */
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
