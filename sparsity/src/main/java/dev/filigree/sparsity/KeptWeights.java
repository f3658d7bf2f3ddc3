package dev.filigree.sparsity;

import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a parameter as the score of a drop sees them. All tensors have the same shape,
 * which depends on the execution (the weight's own, or [kept]): compute elementwise.
 */
public interface KeptWeights {
  /** The weights, of after the optimizer step. */
  Tensor values();

  /**
   * A state tensor of the optimizer, by PyTorch's name ({@code exp_avg_sq}, {@code
   * momentum_buffer}).
   *
   * @throws IllegalArgumentException when the optimizer keeps no such state for this parameter
   */
  Tensor optimizerState(String name);
}
