package dev.filigree.sparsity.algorithm;

import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What a layer multiplies with, made of the stored weight and its mask. Apart from {@link #stored}
 * all weights are stored and trained, masked or not: what does not exist is missing from the
 * forward pass only. Such parameters must belong to a layer of {@link dev.filigree.nn}.
 */
@FunctionalInterface
public interface ForwardWeight {
  /**
   * The weight of a forward pass, differentiable in the stored one.
   *
   * @param weight the stored weight
   * @param mask bool of its shape, true where a weight exists
   * @return of the weight's shape and type
   */
  Tensor of(Tensor weight, Tensor mask);

  /**
   * What the function has of its own for this weight, by name: tensors that require gradients are
   * trained with the weight (a learned threshold), the others are its memory (a second mask). They
   * belong to a checkpoint. An algorithm that has such gives every parameter a function of its own.
   */
  default Map<String, Tensor> tensors() {
    return Map.of();
  }

  /**
   * Called with each new mask.
   *
   * @param weight the stored weight, detached
   * @param mask bool of its shape
   */
  default void onMask(Tensor weight, Tensor mask) {}

  /** The stored weight itself: only weights that exist are trained, the others are zero. */
  static ForwardWeight stored() {
    return Stored.INSTANCE;
  }

  /**
   * The weights that exist, while the others are stored: they get no gradient, and have their old
   * values when they come back.
   */
  static ForwardWeight masked() {
    return ForwardWeight::within;
  }

  /**
   * The straight-through estimator: the forward pass multiplies with the weights that exist, the
   * gradient reaches all. Bengio, Léonard and Courville, "Estimating or Propagating Gradients
   * Through Stochastic Neurons for Conditional Computation", 2013.
   */
  static ForwardWeight straightThrough() {
    return (weight, mask) -> within(weight.detach(), mask).add(weight.sub(weight.detach()));
  }

  /** The weight, zero where the mask has none, also where it was infinite or NaN. */
  private static Tensor within(Tensor weight, Tensor mask) {
    return weight.masked_fill(mask.logical_not(), new Scalar(0.0));
  }

  /** See {@link #stored}. */
  enum Stored implements ForwardWeight {
    /** The only one. */
    INSTANCE;

    @Override
    public Tensor of(Tensor weight, Tensor mask) {
      return weight;
    }
  }
}
