package dev.filigree.mask;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Selects the best of every group; one implementation for each kind of device. */
interface Selector {
  /**
   * The new mask of the groups: the winners, and with {@link Quota.Competitors#MISSING} also what
   * existed before.
   *
   * @param scores float32 [groups, size], contiguous
   * @param mask bool [groups, size], contiguous; null where all compete
   * @return bool [groups, size]
   */
  Tensor select(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties);
}
