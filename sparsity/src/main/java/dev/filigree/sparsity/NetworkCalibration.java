package dev.filigree.sparsity;

import dev.filigree.mask.Calibration;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The parameters of one group, dense as they are before their first masks. */
record NetworkCalibration(
    SparseGroup group,
    Optimizer optimizer,
    CalibrationPasses passes,
    GradientExchange exchange,
    long seed)
    implements Calibration {
  @Override
  public List<Tensor> weights() {
    return group.parameters().stream().map(each -> each.weight().detach()).toList();
  }

  @Override
  public List<Tensor> parameters() {
    return optimizer.groups().stream()
        .flatMap(each -> each.parameters().stream())
        .map(Tensor::detach)
        .toList();
  }

  @Override
  public List<Tensor> lossGradients(int batches) {
    optimizer.zeroGrad();
    for (int i = 0; i < batches; i++) {
      try (var _ = new PointerScope()) {
        passes.loss(i);
      }
    }
    return gradients(batches);
  }

  @Override
  public List<Tensor> outputGradients() {
    optimizer.zeroGrad();
    try (var _ = new PointerScope()) {
      passes.outputs();
    }
    return gradients(1);
  }

  /** The mean over passes and replicas of what has added up. */
  private List<Tensor> gradients(int passesMade) {
    var gradients = new ArrayList<Tensor>();
    for (SparseParameter parameter : group.parameters()) {
      Tensor gradient = parameter.weight().grad();
      if (!gradient.defined()) {
        throw new IllegalStateException(
            parameter.name() + ": no gradient reached it, so its first mask cannot be chosen");
      }
      gradients.add(gradient.div(new Scalar((double) passesMade)));
    }
    exchange.average(gradients);
    optimizer.zeroGrad();
    return gradients;
  }

  @Override
  public double sparsity() {
    return group.algorithm().sparsity(0);
  }

  @Override
  public List<Tensor> best(List<Tensor> scores, double sparsity) {
    return group.best(scores, sparsity, seed);
  }
}
