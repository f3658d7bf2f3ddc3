package dev.filigree.sparsity.storage;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * How a weight is stored of which only some elements exist. The tensor that the optimizer updates,
 * its gradient and the optimizer's state have the same form: dense, or the values that exist.
 */
public sealed interface Storage permits MaskedStorage, DenseStorage, CompressedStorage {
  /** How many weights exist. */
  long kept();

  /** Bytes that say which weights exist, beside the weight: a mask, or the positions. */
  long structureBytes();

  /** Which weights exist: a new bool tensor of the weight's shape. */
  Tensor mask();

  /**
   * A tensor of the stored form (the weight, its gradient, an optimizer's state) as a dense one of
   * the weight's shape, zero where no weight exists; not to be changed.
   */
  Tensor toDense(Tensor stored);

  /** The reverse of {@link #toDense}; elements where no weight exists are lost. */
  Tensor fromDense(Tensor dense);

  /**
   * Takes another mask. Weights that stay keep their values and state, new ones are zero with zero
   * state.
   *
   * @param mask bool of the weight's shape
   * @param state the optimizer's state of the weight, live
   */
  void mask(Tensor mask, Map<String, Tensor> state);

  /**
   * Assigns zero to what does not exist.
   *
   * @param state the optimizer's state of the weight, live; empty to leave it
   */
  void enforce(Map<String, Tensor> state);

  /** How many weights exist, counted where they are stored. */
  long counted();

  /** How many elements outside the mask are not zero. */
  long nonzeroOutsideMask();

  /**
   * Makes weight and state dense, zero where no weight exists; only {@link #detach} may follow.
   *
   * @param state the optimizer's state of the weight, live
   */
  void makeDense(Map<String, Tensor> state);

  /** Removes the hooks and everything else that was changed in the layer. */
  void detach();
}
