package dev.filigree.sparsity.algorithm;

import java.util.List;
import java.util.Map;

/**
 * Moves weights from one parameter to another at an update: says how many each of them keeps of its
 * own, and how many it has in the end. Which ones is up to the scores. All weights of a parameter
 * must compete with each other, so groups and blocks are refused.
 *
 * <p>An algorithm makes one for the parameters of a wrapped model, so what it remembers from update
 * to update is theirs alone, and belongs to a checkpoint.
 */
@FunctionalInterface
public interface Redistribution {
  /**
   * Called once for each update, after the optimizer's step.
   *
   * @param step optimizer steps finished
   * @param total how many weights all parameters have together in the end
   * @param weights the parameters, in the order of the model
   * @return for each of them its counts; the kept ones add up to {@code total}
   */
  List<Counts> spread(long step, long total, List<? extends WeightView> weights);

  /** What is remembered from update to update: numbers and texts. */
  default Map<String, Object> state() {
    return Map.of();
  }

  /** Goes on from a {@link #state}. */
  default void load(Map<String, Object> state) {}

  /**
   * What an update does to one parameter.
   *
   * @param left weights that are not dropped, those with the largest drop scores
   * @param kept weights that exist after the growth, at least {@code left}
   */
  record Counts(long left, long kept) {
    /**
     * @throws IllegalArgumentException for a negative number, or fewer weights after the update
     *     than the drop leaves
     */
    public Counts {
      if (left < 0 || kept < left) {
        throw new IllegalArgumentException(
            "an update leaves some of the weights and adds others, found %d left of %d"
                .formatted(left, kept));
      }
    }
  }
}
