package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What is worth keeping of the scores of a growth until it is known which weights are dropped: the
 * best missing weights, as many as will grow, and those existing ones that would win against them,
 * should they be dropped. So scores made of a dense gradient outlive it at a fraction of its size.
 */
public final class Candidates implements AutoCloseable {
  private static final long[] ALONG_GROUP = {1};
  private static final double NOT_A_CANDIDATE = Double.NaN; // the lowest score there is

  private final long[] shape;
  private final Tensor indices; // int64 [candidates], row-major
  private final Tensor scores; // float32 [candidates]

  private Candidates(long[] shape, Tensor indices, Tensor scores) {
    this.shape = shape;
    this.indices = indices;
    this.scores = scores;
  }

  /**
   * The candidates of an update that drops by {@link Masks#dropMinimum} and grows by {@link
   * Masks#growMaximum} with the same fractions.
   *
   * @param scores of the growth: floating, of the weight's shape
   * @param mask which weights exist before the drop: bool, of the weight's shape
   */
  public static Candidates of(
      Tensor scores,
      Tensor mask,
      double dropFraction,
      double sparsity,
      SelectionGroups grouping,
      TieBreak ties) {
    Quota quota = Quota.regrow(dropFraction, grouping.kept(sparsity));
    var found = new Tensor[2];
    Tensors.inScope(
        () -> {
          Tensor best = Masks.select(scores, mask, quota, grouping, ties);
          Tensor flat = scores.to(ScalarType.Float).flatten();
          Tensor candidates =
              grouping.groups() == 1 && !grouping.pooled()
                  ? admittedOfOneGroup(flat, mask.flatten(), best.flatten())
                  : grouping.restore(admitted(flat.view(grouping.shape()), mask, best, grouping));
          found[0] = candidates.flatten().nonzero().flatten().retainReference();
          found[1] = flat.index_select(0, found[0]).retainReference();
        });
    return new Candidates(grouping.shape(), found[0], found[1]);
  }

  /**
   * What does not score less than the worst of the best: of the missing weights those that would
   * grow, and perhaps equals of the last of them, which the tie break tells apart later.
   */
  private static Tensor admittedOfOneGroup(Tensor scores, Tensor mask, Tensor best) {
    Tensor growing = scores.masked_select(best.bitwise_xor(mask)); // best holds all of the mask
    long missing = mask.numel() - Masks.count(mask);
    if (growing.numel() == missing) {
      return torch.ones_like(mask);
    }
    if (growing.numel() == 0) {
      return torch.zeros_like(mask);
    }
    double least = growing.min().item_double();
    return Double.isNaN(least) ? torch.ones_like(mask) : scores.ge(new Scalar(least));
  }

  /**
   * The best missing weights of each group, and what exists and does not score less: [groups,
   * size].
   */
  private static Tensor admitted(
      Tensor scores, Tensor mask, Tensor best, SelectionGroups grouping) {
    Tensor arranged = grouping.arrange(scores);
    Tensor comparable =
        arranged.masked_fill(arranged.isnan(), new Scalar(Double.NEGATIVE_INFINITY));
    Tensor existing = grouping.arrange(mask);
    Tensor growing = grouping.arrange(best).logical_and(existing.logical_not());
    Tensor least =
        comparable
            .masked_fill(growing.logical_not(), new Scalar(Double.POSITIVE_INFINITY))
            .amin(ALONG_GROUP, true);
    // Where all that is missing grows, whatever was dropped may come back.
    Tensor all = count(growing).eq(count(existing.logical_not()));
    least = least.masked_fill(all, new Scalar(Double.NEGATIVE_INFINITY));
    return growing.logical_or(existing.logical_and(comparable.ge(least)));
  }

  private static Tensor count(Tensor flags) {
    return flags.sum(ALONG_GROUP, true, new ScalarTypeOptional(ScalarType.Long));
  }

  /**
   * {@link Masks#growMaximum} by the candidates alone.
   *
   * @param left what a drop has left of the mask: bool, of the weight's shape
   */
  public Tensor grow(Tensor left, double sparsity, SelectionGroups grouping, TieBreak ties) {
    if (grouping.groups() > 1 || grouping.pooled() || !left.is_cpu()) {
      return Masks.growMaximum(scores(), left, sparsity, grouping, ties);
    }
    return Tensors.scoped(
        () -> {
          long missing = Math.max(0, grouping.kept(sparsity) - Masks.count(left));
          Tensor exists = left.flatten().index_select(0, indices);
          Tensor winners =
              Masks.select(
                  scores,
                  exists,
                  new Quota(Quota.Competitors.MISSING, _ -> missing),
                  new Listed(indices),
                  ties);
          return left.flatten()
              .index_fill(0, indices.masked_select(winners), new Scalar(1))
              .view(shape);
        });
  }

  @Override
  public void close() {
    indices.close();
    scores.close();
  }

  /** The scores as {@link Masks#growMaximum} takes them: of the weight's shape, NaN elsewhere. */
  private Tensor scores() {
    var options = new TensorOptions(scores.options());
    long size = 1;
    for (long dimension : shape) {
      size *= dimension;
    }
    Tensor dense = torch.full(new long[] {size}, new Scalar(NOT_A_CANDIDATE), options);
    return dense.index_copy_(0, indices, scores).view(shape);
  }
}
