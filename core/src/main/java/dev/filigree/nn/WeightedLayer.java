package dev.filigree.nn;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A layer with one weight. It multiplies with the stored weight or with a function of it, evaluated
 * in every forward pass: masked, soft-thresholded, straight-through.
 */
public abstract class WeightedLayer extends Layer {
  private final Tensor weight;
  private @Nullable UnaryOperator<Tensor> forwardWeight;

  /** Registers the initial values as the trainable parameter {@code weight}. */
  @SuppressWarnings("this-escape") // registered, weakly, before the subclass is complete
  protected WeightedLayer(Tensor initial) {
    weight = registerParameter("weight", initial);
    LayersByWeight.add(this, weight);
  }

  /**
   * The layer that owns a weight, wherever in a module it is; empty for a tensor that is no layer's
   * weight.
   */
  public static Optional<WeightedLayer> of(Tensor weight) {
    return LayersByWeight.of(weight);
  }

  /** The stored, trainable weight. */
  public final Tensor weight() {
    return weight;
  }

  /** Sets the function of the stored weight to multiply with; null for the weight itself. */
  public final void forwardWeight(@Nullable UnaryOperator<Tensor> value) {
    forwardWeight = value;
  }

  /** Whether the layer multiplies with the stored weight itself. */
  public final boolean multipliesStoredWeight() {
    return forwardWeight == null;
  }

  /** The tensor that the layer currently multiplies with. */
  protected final Tensor effectiveWeight() {
    return forwardWeight == null ? weight : forwardWeight.apply(weight);
  }
}
