package dev.filigree.zoo.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The loss of classification, of which predicting the next token is one. */
final class CrossEntropy {
  /** Positions with this label never count, as in PyTorch. */
  static final long IGNORED = -100;

  private static final long NO_REDUCTION = 0;
  private static final long MEAN = 1;

  private CrossEntropy() {}

  /**
   * The mean of -log softmax(logits)[label] over the positions that count, in float32; zero where
   * none counts.
   *
   * @param logits [..., classes]
   * @param labels int64 [...]
   * @param mask 1 where a position counts, [...]; null where all do
   */
  static Tensor loss(Tensor logits, Tensor labels, @Nullable Tensor mask) {
    Tensor rows = logits.reshape(-1, logits.size(-1)).to(ScalarType.Float); // [positions, classes]
    Tensor targets = labels.reshape(-1); // [positions]
    if (mask == null) {
      return torch.cross_entropy_loss(rows, targets, new TensorOptional(), MEAN, IGNORED, 0.0);
    }
    Tensor losses =
        torch.cross_entropy_loss(rows, targets, new TensorOptional(), NO_REDUCTION, IGNORED, 0.0);
    Tensor counts =
        mask.reshape(-1).to(ScalarType.Float).mul(targets.ne(new Scalar(IGNORED))); // [positions]
    return losses.mul(counts).sum().div(counts.sum().clamp_min(new Scalar(1.0)));
  }
}
