package dev.filigree.mask;

import dev.filigree.cuda.CudaKernels;
import dev.filigree.cuda.Grid;
import dev.filigree.cuda.KernelSource;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Selection on an NVIDIA GPU, where a parameter is one group: four passes over the scores, and more
 * only where the last winner has equals that lose. Several groups are another selector's.
 */
final class CudaSelector implements Selector {
  private static final KernelSource SOURCE = KernelSource.of(CudaKernels.class, "select.cu");
  private static final int STATE_BYTES = 2048; // at least that of Selection in select.cu
  private static final int BUCKETS = 256;
  private static final int DIGIT = 8;
  private static final int THREADS = 512;
  private static final int BLOCKS_A_MULTIPROCESSOR = 4; // as many as are resident

  private final Selector groups;

  CudaSelector(Selector groups) {
    this.groups = groups;
  }

  @Override
  public Tensor select(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties) {
    if (grouping.groups() != 1 || !(grouping.pooled() || grouping instanceof RowGroups)) {
      return groups.select(scores, mask, quota, grouping, ties);
    }
    long size = scores.numel();
    long existing = mask == null ? 0 : Masks.count(mask);
    boolean growing = quota.competitors() == Quota.Competitors.MISSING;
    long competitors = mask == null ? size : growing ? size - existing : existing;
    long winners = quota.winners().applyAsLong(existing);
    if (winners <= 0 || winners >= competitors) {
      return trivial(scores, mask, growing, winners > 0);
    }
    return select(scores, mask, growing, winners, ties);
  }

  /** None of the competitors, or all. */
  private static Tensor trivial(
      Tensor scores, @Nullable Tensor mask, boolean growing, boolean everyone) {
    if (everyone && (mask == null || growing)) {
      return torch.ones_like(scores).to(ScalarType.Bool);
    }
    return mask != null && (everyone || growing)
        ? mask
        : torch.zeros_like(scores).to(ScalarType.Bool);
  }

  private static Tensor select(
      Tensor scores, @Nullable Tensor mask, boolean growing, long winners, TieBreak ties) {
    CudaKernels kernels = Cuda.kernels(scores);
    long size = scores.numel();
    Tensor state = Tensors.emptyBeside(scores, ScalarType.Byte, STATE_BYTES);
    int random = ties instanceof TieBreak.Random ? 1 : 0;
    long rankKey = ties instanceof TieBreak.Random(RandomScores drawn) ? drawn.key() : 0;
    Cuda.launch(kernels.kernel(SOURCE, "begin"), Grid.of(1, 1), winners, random, rankKey, state);

    Object competitors = mask == null ? (Object) 0L : mask;
    int wanted = growing ? 0 : 1;
    int most = kernels.device().multiprocessors() * BLOCKS_A_MULTIPROCESSOR;
    Grid pass = Grid.of(Math.min(most, Grid.covering(size, THREADS).x()), THREADS);
    Grid choice = Grid.of(1, BUCKETS);
    for (int shift = Integer.SIZE - DIGIT; shift >= 0; shift -= DIGIT) {
      Cuda.launch(
          kernels.kernel(SOURCE, "count_keys"),
          pass,
          scores,
          competitors,
          wanted,
          size,
          shift,
          state);
      Cuda.launch(kernels.kernel(SOURCE, "choose_key"), choice, shift, state);
    }
    for (int shift = Long.SIZE - DIGIT; shift >= 0; shift -= DIGIT) {
      Cuda.launch(
          kernels.kernel(SOURCE, "count_ranks"),
          pass,
          scores,
          competitors,
          wanted,
          size,
          shift,
          state);
      Cuda.launch(kernels.kernel(SOURCE, "choose_rank"), choice, shift, state);
    }
    Tensor selected = Tensors.emptyBeside(scores, ScalarType.Bool, Tensors.shape(scores));
    Cuda.launch(
        kernels.kernel(SOURCE, "select_flags"),
        Grid.covering(size, THREADS),
        scores,
        competitors,
        wanted,
        growing && mask != null ? 1 : 0,
        size,
        state,
        selected);
    return selected;
  }
}
