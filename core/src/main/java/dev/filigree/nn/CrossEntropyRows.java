package dev.filigree.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Cross entropy of each row together with its gradient; on a GPU one pass computes both. */
public final class CrossEntropyRows {
  private static final int THREADS = 512;

  private CrossEntropyRows() {}

  /**
   * Losses and gradients.
   *
   * @param losses count · -log softmax(logits)[label] of each row, float32 [rows]
   * @param gradient of their sum with respect to the logits, in their type, [rows, classes]; the
   *     logits themselves where no gradient is needed
   */
  public record Result(Tensor losses, Tensor gradient) {}

  /**
   * Computes losses and gradient without recording a graph.
   *
   * @param logits contiguous [rows, classes]; they may be overwritten
   * @param labels int64 [rows], each in [0, classes)
   * @param counts the weight of each row in the loss, float32 [rows]
   * @param gradient whether to compute the gradient
   */
  public static Result of(Tensor logits, Tensor labels, Tensor counts, boolean gradient) {
    return TransformerKernels.support(logits)
        ? fused(logits, labels, counts, gradient)
        : plain(logits, labels, counts, gradient);
  }

  static Result plain(Tensor logits, Tensor labels, Tensor counts, boolean gradient) {
    Tensor index = labels.unsqueeze(1); // [rows, 1]
    Tensor logs = logits.log_softmax(1, new ScalarTypeOptional(ScalarType.Float));
    Tensor losses = logs.gather(1, index).squeeze(1).neg().mul(counts);
    if (!gradient) {
      return new Result(losses, logits);
    }
    Tensor scores = logs.exp_();
    scores.scatter_add_(1, index, torch.full_like(counts, new Scalar(-1.0)).unsqueeze(1));
    return new Result(losses, scores.mul_(counts.unsqueeze(1)).to(logits.scalar_type()));
  }

  private static Result fused(Tensor logits, Tensor labels, Tensor counts, boolean gradient) {
    Tensor losses = torch.empty_like(counts);
    TransformerKernels.launchRows(
        "cross_entropy",
        logits.size(0),
        THREADS,
        logits,
        logits,
        labels,
        counts,
        losses,
        Math.toIntExact(logits.size(1)),
        gradient ? 1 : 0);
    return new Result(losses, logits);
  }
}
