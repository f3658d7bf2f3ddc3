package dev.filigree.mask;

import org.bytedeco.pytorch.Tensor;

/**
 * How the weights of one parameter compete: in groups of equal size, each a row of a matrix
 * [groups, size]. The candidates of a group are single weights, or pools of weights that stand and
 * fall together.
 *
 * <p>A position is a place in that matrix, counted row by row; an index is a weight's place in the
 * flattened parameter.
 */
public interface SelectionGroups {
  /** The parameter's shape. */
  long[] shape();

  /** How many groups there are. */
  long groups();

  /** How many candidates compete in each group. */
  long size();

  /** How many candidates of a group a sparsity keeps. */
  default long kept(double sparsity) {
    return Counting.kept(size(), sparsity);
  }

  /** Whether a candidate stands for several weights. */
  default boolean pooled() {
    return false;
  }

  /**
   * Arranges scores, or a mask, by groups.
   *
   * @param values of the parameter's shape; floating, integer or bool
   * @return [groups, size]; of pools, the pooled score, and true where any weight of it exists
   */
  Tensor arrange(Tensor values);

  /**
   * The inverse of {@link #arrange} for masks.
   *
   * @param mask bool [groups, size]
   * @return bool of the parameter's shape; a pool's flag goes to all its weights
   */
  Tensor restore(Tensor mask);

  /**
   * The index of the weight at a position, which ties are broken by; it rises along a group. Where
   * candidates are pools, the position itself.
   */
  long index(long position);

  /** The inverse of {@link #index}; the group is this divided by {@link #size}. */
  long position(long index);
}
