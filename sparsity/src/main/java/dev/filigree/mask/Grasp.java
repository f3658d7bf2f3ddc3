package dev.filigree.mask;

import dev.filigree.config.Default;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * GraSP: the weights go whose removal leaves the largest gradient flow. Wang, Zhang and Grosse,
 * "Picking Winning Tickets Before Training by Preserving Gradient Flow", ICLR 2020, equation 8: the
 * largest of −θ ⊙ H·g go, so the largest θ ⊙ H·g stay. Their selection is over all layers: {@code
 * distribution: global}.
 *
 * <p>H·g is the central difference (∇L(θ + ε·g) − ∇L(θ − ε·g)) / 2ε, where ε·g is a thousandth as
 * long as θ: any layer has the backward pass for that, and no graph of second order is kept. The
 * loss is the network's own, without the paper's temperature.
 *
 * @param batches that all gradients are the means of
 */
public record Grasp(@Default("1") int batches) implements CalibratedMask {
  private static final double RELATIVE_STEP = 1e-3;

  /**
   * @throws IllegalArgumentException for less than one batch
   */
  public Grasp {
    CalibratedMask.requirePositive("batches", batches);
  }

  /** The gradient, and two for H·g. */
  @Override
  public Passes passes() {
    return new Passes(3L * batches, 0);
  }

  @Override
  public List<Tensor> scores(Calibration network) {
    List<Tensor> weights = network.weights();
    List<Tensor> before = weights.stream().map(Tensor::clone).toList();
    List<Tensor> gradient = network.lossGradients(batches);
    double length = norm(gradient);
    double epsilon = length == 0 ? 0 : RELATIVE_STEP * norm(before) / length;
    Function<Double, List<Tensor>> gradientAt =
        step -> {
          for (int i = 0; i < weights.size(); i++) {
            weights.get(i).copy_(before.get(i).add(gradient.get(i), new Scalar(step)));
          }
          return network.lossGradients(batches);
        };
    try {
      List<Tensor> ahead = gradientAt.apply(epsilon);
      List<Tensor> behind = gradientAt.apply(-epsilon);
      // 2ε is the same for all: it changes no order.
      return IntStream.range(0, weights.size())
          .mapToObj(i -> before.get(i).mul(ahead.get(i).sub(behind.get(i))))
          .toList();
    } finally {
      for (int i = 0; i < weights.size(); i++) {
        weights.get(i).copy_(before.get(i));
      }
    }
  }

  private static double norm(List<Tensor> tensors) {
    double squares = 0;
    for (Tensor tensor : tensors) {
      squares += tensor.to(ScalarType.Double).square().sum().item_double();
    }
    return Math.sqrt(squares);
  }
}
