package dev.filigree.zoo.model;

import dev.filigree.nn.CrossEntropyRows;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@link CrossEntropy} of the scores x·Wᵀ, a few thousand positions at a time: the logits of all
 * positions never exist together. With the loss of its positions each part gives their gradients,
 * so that the backward pass only scales them (Hsu et al. 2024, arXiv:2410.10989, section 3.2).
 */
final class LinearCrossEntropy {
  /** Logits that exist at a time; 4096 positions of a vocabulary of 32,000. */
  private static final long MOST_LOGITS = 1L << 27;

  private final Tensor x; // [positions, hidden], in the type of the product
  private final Tensor weight; // [classes, hidden], in the type of the product
  private final Tensor labels; // int64 [positions], 0 where ignored
  private final Tensor counts; // float32 [positions]
  private final boolean gradients;
  private final Tensor sum; // float32 [], of the losses
  private final Tensor dx; // [positions, hidden], of the sum
  private final Tensor dw; // float32 [classes, hidden], of the sum

  private LinearCrossEntropy(Tensor x, Tensor weight, Tensor labels, Tensor counts) {
    this.x = x;
    this.weight = weight;
    this.labels = labels;
    this.counts = counts;
    gradients = GradMode.is_enabled();
    sum = counts.new_zeros();
    dx = torch.empty_like(gradients ? x : sum);
    dw = gradients ? counts.new_zeros(weight.size(0), weight.size(1)) : sum;
  }

  /**
   * The mean of -log softmax(x·Wᵀ)[label] over the positions that count; zero where none does.
   *
   * @param x [..., hidden]
   * @param weight [classes, hidden]
   * @param labels int64 [...]
   * @param mask 1 where a position counts, [...]; null where all do
   */
  static Tensor loss(Tensor x, Tensor weight, Tensor labels, @Nullable Tensor mask) {
    return loss(x, weight, labels, mask, MOST_LOGITS);
  }

  /**
   * As above.
   *
   * @param mostLogits how many may exist at a time; at least those of one position do
   */
  static Tensor loss(
      Tensor x, Tensor weight, Tensor labels, @Nullable Tensor mask, long mostLogits) {
    Tensor targets = labels.reshape(-1);
    Tensor known = targets.ne(new Scalar(CrossEntropy.IGNORED)).to(ScalarType.Float);
    Tensor counts = mask == null ? known : known.mul(mask.reshape(-1));
    Tensor total = counts.sum().clamp_min(new Scalar(1.0));
    ScalarType type = Autocast.type(x.device().type());
    var parts =
        new LinearCrossEntropy(
            x.detach().reshape(-1, x.size(-1)).to(type),
            weight.detach().to(type),
            targets.clamp_min(new Scalar(0)),
            counts);
    parts.compute(Math.max(1, mostLogits / weight.size(0)));
    Tensor loss = parts.sum.div(total);
    if (!parts.gradients) {
      return loss;
    }
    Tensor dx = parts.dx.retainReference();
    Tensor dw = parts.dw.retainReference();
    total.retainReference();
    return CustomFunction.apply(
        List.of(x, weight),
        loss,
        gradient -> {
          Tensor scale = gradient.div(total);
          return List.of(
              dx.to(x.scalar_type()).mul(scale).view_as(x), dw.to(weight.scalar_type()).mul(scale));
        },
        () -> List.of(dx, dw, total).forEach(Tensor::close));
  }

  private void compute(long positions) {
    for (long start = 0; start < x.size(0); start += positions) {
      long first = start;
      long count = Math.min(positions, x.size(0) - start);
      Tensors.inScope(() -> part(first, count));
    }
  }

  /** Adds the loss and the gradients of some positions. */
  private void part(long start, long count) {
    Tensor rows = x.narrow(0, start, count);
    CrossEntropyRows.Result part =
        CrossEntropyRows.of(
            torch.mm(rows, weight.t()), // [count, classes]
            labels.narrow(0, start, count),
            counts.narrow(0, start, count),
            gradients);
    sum.add_(part.losses().sum());
    if (!gradients) {
      return;
    }
    Tensor dlogits = part.gradient();
    dx.narrow(0, start, count).copy_(torch.mm(dlogits, weight));
    if (x.is_cuda() && Tensors.type(x) != ScalarType.Float) {
      // 16-bit factors, sums in float32 from the first part to the last
      torch.addmm_out(dw, dw, dlogits.t(), rows, ScalarType.Float);
    } else {
      dw.add_(torch.mm(dlogits.t(), rows));
    }
  }
}
