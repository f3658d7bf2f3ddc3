package dev.filigree.nn;

import static org.bytedeco.pytorch.global.torch.linear;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** A linear layer, y = x·Wᵀ + b. */
public final class Linear extends Layer {
  private final Tensor weight; // [out_features, in_features]
  private final @Nullable Tensor bias; // [out_features]

  /** A layer with zero weights: initialising or loading them is the model's part. */
  public Linear(long inFeatures, long outFeatures, boolean withBias) {
    weight = registerParameter("weight", torch.zeros(outFeatures, inFeatures));
    bias = withBias ? registerParameter("bias", torch.zeros(outFeatures)) : null;
  }

  /**
   * Applies the layer.
   *
   * @param x [..., in_features]
   * @return [..., out_features]
   */
  public Tensor forward(Tensor x) {
    return bias == null ? linear(x, weight) : linear(x, weight, new TensorOptional(bias));
  }

  /** [out_features, in_features] */
  public Tensor weight() {
    return weight;
  }

  /** [out_features], or null for a layer without bias. */
  public @Nullable Tensor bias() {
    return bias;
  }
}
