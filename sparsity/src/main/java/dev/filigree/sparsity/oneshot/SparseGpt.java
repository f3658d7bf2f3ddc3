package dev.filigree.sparsity.oneshot;

import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.mask.TieBreak;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * SparseGPT (Frantar and Alistarh 2023, arXiv:2301.00774, algorithm 1): inputs are gone through
 * from the first to the last; what a weight that goes added to its layer's outputs is made up for
 * by the weights of inputs to come, by the inverse Hessian H = XᵀX + λI. Weights go in blocks of
 * inputs, those with the least w² / [H⁻¹]_jj, where H is that of the inputs from j on.
 *
 * @param blockSize inputs whose mask is chosen together; with N:M each group has its own
 * @param damping λ, as a fraction of the mean of H's diagonal
 */
public record SparseGpt(long blockSize, double damping) implements OneShotAlgorithm {
  private static final Scalar ONE = new Scalar(1.0);
  private static final Scalar MINUS_ONE = new Scalar(-1.0);

  /** The paper's settings: blocks of 128 inputs, a damping of 0.01. */
  public SparseGpt() {
    this(128, 0.01);
  }

  /**
   * @throws IllegalArgumentException for a block of no column, or a damping that is negative or not
   *     finite
   */
  public SparseGpt {
    if (blockSize < 1) {
      throw new IllegalArgumentException("block size must be 1 or more, found " + blockSize);
    }
    if (!(damping >= 0 && damping < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("damping must be 0 or more, found " + damping);
    }
  }

  @Override
  public boolean needsInputs() {
    return true;
  }

  @Override
  public PrunedWeight prune(String name, Tensor weight, LayerInputs inputs, PruningTarget target) {
    target.pattern().ifPresent(p -> p.shaper().group(name, Tensors.shape(weight))); // checks
    // A row here is an input, so that what is changed together lies together.
    Tensor w = weight.t().contiguous().clone(); // [in, out]
    w.masked_fill_(inputs.gram().diagonal().eq(new Scalar(0.0)).unsqueeze(1), new Scalar(0.0));
    Tensor mask = torch.ones_like(w).to(ScalarType.Bool); // [in, out]
    Tensor factor = factor(name, inputs.hessian()); // U [in, in]
    long in = w.size(0);
    long width =
        target.pattern().map(p -> Math.ceilDiv(blockSize, p.group()) * p.group()).orElse(blockSize);
    for (long begin = 0; begin < in; begin += width) {
      long start = begin;
      long end = Math.min(in, begin + width);
      Tensors.inScope(() -> pruneBlock(w, mask, factor, start, end, target));
    }
    return new PrunedWeight(w.t().contiguous(), mask.t().contiguous());
  }

  /** The upper U with UᵀU = H⁻¹: row j holds what the paper's H⁻¹ of the inputs from j on has. */
  private Tensor factor(String name, Tensor hessian) {
    Tensor diagonal = hessian.diagonal();
    diagonal.add_(diagonal.mean().mul(new Scalar(damping)));
    try {
      return torch.linalg_cholesky(torch.cholesky_inverse(torch.linalg_cholesky(hessian)), true);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          name
              + ": the Hessian of its inputs cannot be inverted; give more samples, or a damping"
              + " above "
              + damping,
          e);
    }
  }

  private static void pruneBlock(
      Tensor w, Tensor mask, Tensor factor, long start, long end, PruningTarget target) {
    long count = end - start;
    Tensor rows = w.narrow(0, start, count); // a part of w
    Tensor kept = mask.narrow(0, start, count); // a part of mask
    Tensor u = factor.narrow(0, start, count);
    Tensor own = u.narrow(1, start, count); // [count, count]
    Tensor deviations = own.diagonal().unsqueeze(1); // [count, 1]
    Tensor errors = torch.zeros_like(rows);
    if (target.pattern().isEmpty()) {
      long out = w.size(1);
      long stay =
          Counting.kept(out * end, target.sparsity())
              - Counting.kept(out * start, target.sparsity());
      Tensor scores = rows.div(deviations).square().t();
      kept.copy_(Masks.topCount(scores, stay, TieBreak.lowerIndex()).t());
    }
    for (long i = 0; i < count; i++) {
      if (target.pattern().isPresent() && i % target.pattern().get().group() == 0) {
        long group = target.pattern().get().group();
        Tensor scores = rows.narrow(0, i, group).div(deviations.narrow(0, i, group)).square().t();
        var groups = target.pattern().get().shaper().group("group", Tensors.shape(scores));
        kept.narrow(0, i, group)
            .copy_(Masks.topK(scores, target.sparsity(), groups, TieBreak.lowerIndex()).t());
      }
      Tensor row = rows.select(0, i);
      Tensor error = errors.select(0, i);
      error.copy_(row.div(own.select(0, i).select(0, i)));
      error.masked_fill_(kept.select(0, i), new Scalar(0.0));
      row.masked_fill_(kept.select(0, i).logical_not(), new Scalar(0.0));
      rows.narrow(0, i + 1, count - i - 1)
          .addr_(own.select(0, i).narrow(0, i + 1, count - i - 1), error, ONE, MINUS_ONE);
    }
    w.narrow(0, end, w.size(0) - end)
        .addmm_(u.narrow(1, end, w.size(0) - end).t(), errors, ONE, MINUS_ONE);
  }
}
