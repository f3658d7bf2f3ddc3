package dev.filigree.mask;

import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Selects masks from scores. A mask is a bool tensor of the weight's shape, true where the weight
 * exists.
 *
 * <p>Scores are compared as float32, whatever their type: the largest win, +∞ first; −0.0 equals
 * 0.0; NaN comes last, after −∞, and wins only where nothing else is left. Equal scores are told
 * apart by the {@link TieBreak}. Counts hold for every group of the {@link SelectionGroups} and are
 * exact ({@link Counting}). The same input gives the same mask on every device and with any number
 * of threads. Scores and masks are never changed, and no gradient is recorded.
 */
public final class Masks {
  private static final Selector HOST = new HostSelector(ParallelRanges.threads());
  private static final Selector DEVICE = new DeviceSelector();
  private static final Selector CUDA = new CudaSelector(DEVICE);

  private Masks() {}

  /**
   * The weights with the largest scores, as many of each group as the sparsity keeps.
   *
   * @param scores floating, of the weight's shape
   * @param sparsity fraction of zeros, in [0, 1]
   */
  public static Tensor topK(
      Tensor scores, double sparsity, SelectionGroups grouping, TieBreak ties) {
    return select(scores, null, Quota.topK(grouping.kept(sparsity)), grouping, ties);
  }

  /** {@link #topK(Tensor, double, SelectionGroups, TieBreak)} over the whole tensor. */
  public static Tensor topK(Tensor scores, double sparsity) {
    return topK(scores, sparsity, flat(scores), TieBreak.lowerIndex());
  }

  /**
   * Exactly {@code kept} weights, those with the largest scores of the whole tensor.
   *
   * @throws IllegalArgumentException when the tensor has fewer elements
   */
  public static Tensor topCount(Tensor scores, long kept, TieBreak ties) {
    if (kept < 0 || kept > scores.numel()) {
      throw new IllegalArgumentException(
          "%d weights of a tensor %s that holds %d"
              .formatted(kept, Arrays.toString(Tensors.shape(scores)), scores.numel()));
    }
    return select(scores, null, Quota.topK(kept), flat(scores), ties);
  }

  /**
   * Drops the existing weights with the smallest scores: of each group the fraction {@code
   * dropFraction}, and more where that would leave more than the sparsity keeps. Only existing
   * weights compete, so that a missing one never comes back, whatever its score.
   *
   * @param scores floating, of the weight's shape
   * @param mask bool, of the weight's shape
   * @param dropFraction fraction of the existing weights to drop, in [0, 1]
   * @param sparsity the sparsity to reach at least, in [0, 1]; 0 for none
   * @return a part of {@code mask}
   */
  public static Tensor dropMinimum(
      Tensor scores,
      Tensor mask,
      double dropFraction,
      double sparsity,
      SelectionGroups grouping,
      TieBreak ties) {
    Counting.afterDrop(0, dropFraction); // a bad fraction is an error on an empty mask too
    Quota quota = Quota.drop(dropFraction, grouping.kept(sparsity));
    return grouping.groups() == 1 && !grouping.pooled() && scores.is_cpu()
        ? selectExisting(scores, mask, quota, grouping, ties)
        : select(scores, mask, quota, grouping, ties);
  }

  /**
   * Grows the missing weights with the largest scores until each group holds what the sparsity
   * keeps. A group that holds as many or more stays as it is.
   *
   * @param scores floating, of the weight's shape
   * @param mask bool, of the weight's shape
   * @param sparsity the sparsity to reach, in [0, 1]
   * @return {@code mask} and the grown weights
   */
  public static Tensor growMaximum(
      Tensor scores, Tensor mask, double sparsity, SelectionGroups grouping, TieBreak ties) {
    Quota quota = Quota.grow(grouping.kept(sparsity));
    return select(scores, mask, quota, grouping, ties);
  }

  /**
   * Values at the places that a mask keeps, zero elsewhere.
   *
   * @param values [kept], in row-major order, on the mask's device
   * @return a new dense tensor of the mask's shape and the values' type
   * @throws IllegalArgumentException when they are not as many as the mask keeps
   */
  public static Tensor spread(Tensor values, Tensor mask) {
    long kept = count(mask);
    if (values.dim() != 1 || values.numel() != kept) {
      throw new IllegalArgumentException(
          "%s values for a mask that keeps %d weights"
              .formatted(Arrays.toString(Tensors.shape(values)), kept));
    }
    return torch.zeros(Tensors.shape(mask), values.options()).masked_scatter_(mask, values);
  }

  /** The weights that exist. */
  public static long count(Tensor mask) {
    requireBool(mask);
    if (mask.is_cpu() && mask.is_contiguous()) {
      return count(Tensors.segment(mask));
    }
    long[] count = new long[1];
    Tensors.inScope(() -> count[0] = mask.sum().item_long());
    return count[0];
  }

  /** How many bytes are 1, of bytes that are 0 or 1: libtorch's sum takes them one by one. */
  private static long count(MemorySegment flags) {
    long words = flags.byteSize() / Long.BYTES;
    long count = 0;
    for (long i = 0; i < words; i++) {
      count += Long.bitCount(flags.get(ValueLayout.JAVA_LONG_UNALIGNED, i * Long.BYTES));
    }
    for (long i = words * Long.BYTES; i < flags.byteSize(); i++) {
      count += flags.get(ValueLayout.JAVA_BYTE, i);
    }
    return count;
  }

  /** {@link #select} among the existing weights of one group: no others compete. */
  private static Tensor selectExisting(
      Tensor scores, Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties) {
    requireShape("shape of the scores", scores, grouping);
    requireBool(mask);
    requireShape("shape of the mask", mask, grouping);
    return Tensors.scoped(
        () -> {
          Tensor indices = mask.flatten().nonzero().flatten();
          Tensor listed = scores.flatten().index_select(0, indices);
          Tensor exists = torch.ones_like(indices).to(ScalarType.Bool);
          Tensor winners = select(listed, exists, quota, new Listed(indices), ties);
          return torch
              .zeros_like(mask)
              .flatten()
              .index_fill_(0, indices.masked_select(winners), new Scalar(1))
              .view(grouping.shape());
        });
  }

  static Tensor select(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties) {
    return select(scores, mask, quota, grouping, ties, selector(scores));
  }

  private static Selector selector(Tensor scores) {
    if (scores.is_cpu()) {
      return HOST;
    }
    return scores.is_cuda() && Cuda.obstacle().isEmpty() ? CUDA : DEVICE;
  }

  static Tensor select(
      Tensor scores,
      @Nullable Tensor mask,
      Quota quota,
      SelectionGroups grouping,
      TieBreak ties,
      Selector selector) {
    if (!scores.is_floating_point()) {
      throw new IllegalArgumentException(
          "scores are floating point numbers, found " + Tensors.type(scores));
    }
    requireShape("shape of the scores", scores, grouping);
    if (mask != null) {
      requireBool(mask);
      requireShape("shape of the mask", mask, grouping);
    }
    if (scores.numel() == 0) {
      return Tensors.scoped(() -> scores.gt(new Scalar(0)));
    }
    return Tensors.scoped(
        () -> {
          Tensor arranged = grouping.arrange(scores.to(ScalarType.Float)).contiguous();
          Tensor existing = mask == null ? null : grouping.arrange(mask).contiguous();
          return grouping.restore(selector.select(arranged, existing, quota, grouping, ties));
        });
  }

  private static SelectionGroups flat(Tensor scores) {
    return ScoreShaper.flat().group("scores", Tensors.shape(scores));
  }

  private static void requireBool(Tensor mask) {
    if (Tensors.type(mask) != ScalarType.Bool) {
      throw new IllegalArgumentException("a mask is a bool tensor, found " + Tensors.type(mask));
    }
  }

  private static void requireShape(String what, Tensor tensor, SelectionGroups grouping) {
    if (!Arrays.equals(Tensors.shape(tensor), grouping.shape())) {
      throw new IllegalArgumentException(
          "the %s is %s, the groups are made for %s"
              .formatted(
                  what, Arrays.toString(Tensors.shape(tensor)), Arrays.toString(grouping.shape())));
    }
  }
}
