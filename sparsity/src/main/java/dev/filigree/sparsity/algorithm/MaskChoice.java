package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.TieBreak;
import org.bytedeco.pytorch.Tensor;

/**
 * Chooses a whole mask at an update, for structures that a drop and a growth in groups of equal
 * counts cannot make: outputs of which some have no weight at all, for instance. Storage, state and
 * replicas are the library's part, as they are for scores.
 */
@FunctionalInterface
public interface MaskChoice {
  /**
   * Called once for each parameter and update, after the optimizer's step.
   *
   * @param weight values, mask and all evidence; {@link WeightView#gradient} too, that of a single
   *     step from before the optimizer's
   * @param sparsity fraction of zeros that the parameter is to have at least, in [0, 1]
   * @param ties which of equal scores wins
   * @return bool, of the weight's shape; a weight that existed and still does was never gone
   */
  Tensor choose(WeightView weight, double sparsity, TieBreak ties);
}
