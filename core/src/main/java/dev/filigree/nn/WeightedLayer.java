package dev.filigree.nn;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A layer with one weight. What it multiplies with need not be the stored weight, but can be made
 * of it at every forward pass: masked, soft-thresholded, straight-through.
 */
public abstract class WeightedLayer extends Layer {
  private final Tensor weight;
  private @Nullable UnaryOperator<Tensor> forwardWeight;

  /** Registers the initial values as the trainable parameter {@code weight}. */
  @SuppressWarnings("this-escape") // only referred to, weakly
  protected WeightedLayer(Tensor initial) {
    weight = registerParameter("weight", initial);
    LayersByWeight.add(this, weight);
  }

  /**
   * The layer that computes with a weight, wherever in a module it stands; empty for a tensor that
   * is no such layer's weight.
   */
  public static Optional<WeightedLayer> of(Tensor weight) {
    return LayersByWeight.of(weight);
  }

  /** The stored, trainable weight. */
  public final Tensor weight() {
    return weight;
  }

  /** Multiplies with a function of the stored weight from now on; null for the weight itself. */
  public final void forwardWeight(@Nullable UnaryOperator<Tensor> value) {
    forwardWeight = value;
  }

  /** Whether the layer multiplies with the stored weight itself. */
  public final boolean multipliesStoredWeight() {
    return forwardWeight == null;
  }

  /** What the layer multiplies with now. */
  protected final Tensor effectiveWeight() {
    return forwardWeight == null ? weight : forwardWeight.apply(weight);
  }
}
