package dev.filigree.sparsity;

import dev.filigree.mask.Candidates;
import dev.filigree.mask.Masks;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.mask.TieBreak;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * How many weights of a parameter an update drops and grows, and who competes with whom.
 *
 * @param step optimizer steps finished
 * @param dropFraction the least fraction of the existing weights that goes; more goes where the
 *     sparsity asks for it
 * @param sparsity the sparsity after the update, a fraction
 */
record UpdateRule(
    long step, double dropFraction, double sparsity, SelectionGroups grouping, TieBreak ties) {
  /** What is left of a mask without the weights of the smallest scores. */
  Tensor drop(Tensor scores, Tensor mask) {
    return Masks.dropMinimum(scores, mask, dropFraction, sparsity, grouping, ties);
  }

  /** What is left after the drop, and of the others those with the largest scores. */
  Tensor grow(Tensor scores, Tensor left) {
    return Masks.growMaximum(scores, left, sparsity, grouping, ties);
  }

  /** {@link #grow(Tensor, Tensor)} by what was kept of the scores. */
  Tensor grow(Candidates candidates, Tensor left) {
    return candidates.grow(left, sparsity, grouping, ties);
  }

  /** The part of the growth scores that can decide, independent of what is dropped. */
  Candidates candidates(Tensor scores, Tensor mask) {
    return Candidates.of(scores, mask, dropFraction, sparsity, grouping, ties);
  }

  /** How many weights exist after the update. */
  long kept() {
    return kept(grouping, sparsity);
  }

  /** How many weights a sparsity keeps; a candidate may stand for several. */
  static long kept(SelectionGroups grouping, double sparsity) {
    long size = Arrays.stream(grouping.shape()).reduce(1, Math::multiplyExact);
    long candidates = grouping.groups() * grouping.size();
    return candidates == 0 ? 0 : grouping.kept(sparsity) * grouping.groups() * (size / candidates);
  }
}
