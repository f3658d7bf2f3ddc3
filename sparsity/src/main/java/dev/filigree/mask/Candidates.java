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
      Grouping grouping,
      TieBreak ties) {
    Quota quota = Quota.regrow(dropFraction, grouping.kept(sparsity));
    Tensor best = Masks.select(scores, mask, quota, grouping, ties);
    var found = new Tensor[2];
    Tensors.inScope(
        () -> {
          Tensor flat = scores.to(ScalarType.Float).flatten();
          Tensor candidates =
              grouping.restore(admitted(flat.view(grouping.shape()), mask, best, grouping));
          found[0] = candidates.flatten().nonzero().flatten().retainReference();
          found[1] = flat.index_select(0, found[0]).retainReference();
        });
    return new Candidates(grouping.shape(), found[0], found[1]);
  }

  /**
   * The best missing weights of each group, and what exists and does not score less: [groups,
   * size].
   */
  private static Tensor admitted(Tensor scores, Tensor mask, Tensor best, Grouping grouping) {
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

  /** The scores as {@link Masks#growMaximum} takes them: of the weight's shape, NaN elsewhere. */
  public Tensor scores() {
    return Tensors.scoped(
        () -> {
          long size = 1;
          for (long dimension : shape) {
            size *= dimension;
          }
          var options = new TensorOptions(scores.options());
          Tensor dense = torch.full(new long[] {size}, new Scalar(NOT_A_CANDIDATE), options);
          return dense.index_copy_(0, indices, scores).view(shape);
        });
  }

  @Override
  public void close() {
    indices.close();
    scores.close();
  }
}
