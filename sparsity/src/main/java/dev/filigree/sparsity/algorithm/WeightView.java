package dev.filigree.sparsity.algorithm;

import org.bytedeco.pytorch.Tensor;

/**
 * One weight as the scores of an algorithm see it. Every tensor has the weight's shape unless said
 * otherwise, is on its device and must not be modified, however the weight is stored.
 */
public interface WeightView {
  /** The parameter's name in its module. */
  String name();

  /** Optimizer steps finished. */
  long step();

  /** The values, zero where no weight exists, unless the algorithm stores all of them. */
  Tensor values();

  /** Which weights exist: bool. */
  Tensor mask();

  /**
   * The gradient of the weights that exist, as the last optimizer step saw it; zero elsewhere, and
   * everywhere when there was none.
   */
  Tensor keptGradient();

  /**
   * The gradient of every weight, see {@link Evidence.Gradient}. That of a single step is available
   * in the growth score only, which then sees nothing that the optimizer's step changes: neither
   * values, nor state, nor {@link #keptGradient}, all of which are zero where no weight exists. A
   * {@link MaskChoice} sees all of them together.
   *
   * @throws IllegalStateException for an algorithm whose evidence does not include it, and in a
   *     drop score
   */
  Tensor gradient();

  /**
   * The average gradient of every weight, see {@link Evidence.Momentum}.
   *
   * @throws IllegalStateException for an algorithm whose evidence does not include it
   */
  Tensor momentum();

  /**
   * The root mean squares of the input features, [in_features], see {@link Evidence.InputNorms}.
   *
   * @throws IllegalStateException for an algorithm whose evidence does not include them
   */
  Tensor inputNorms();

  /**
   * A state tensor of the optimizer by PyTorch's name ({@code exp_avg_sq}, {@code
   * momentum_buffer}), zero where no weight exists unless the algorithm stores all of them.
   *
   * @throws IllegalArgumentException when the optimizer keeps no such state for this weight
   */
  Tensor optimizerState(String name);

  /**
   * A tensor that the forward weight has of its own, see {@link ForwardWeight#tensors}.
   *
   * @throws IllegalArgumentException when it has none of this name
   */
  Tensor forwardTensor(String name);

  /** Uniform random numbers in [0, 1), float32, the same in every execution and replica. */
  Tensor random();

  /** Equal scores for all: the tie break decides. */
  Tensor zeros();

  /** How many weights of each output exist: float32 [out_features, 1, ...]. */
  Tensor rowCounts();

  /** How many weights of each input exist: float32 [1, in_features, ...]. */
  Tensor columnCounts();
}
