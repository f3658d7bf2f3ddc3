package dev.filigree.nn;

import java.util.Optional;
import java.util.function.Consumer;
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
  private @Nullable Consumer<Tensor> inputListener;

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

  /** Tells of the inputs of every product from now on; null for nobody. */
  public final void inputListener(@Nullable Consumer<Tensor> value) {
    inputListener = value;
  }

  /** Tells the listener of an input [..., in_features]; products begin with it. */
  protected final void tellOf(Tensor input) {
    if (inputListener != null) {
      inputListener.accept(input);
    }
  }

  /** What the layer multiplies with now. */
  protected final Tensor effectiveWeight() {
    return forwardWeight == null ? weight : forwardWeight.apply(weight);
  }
}
