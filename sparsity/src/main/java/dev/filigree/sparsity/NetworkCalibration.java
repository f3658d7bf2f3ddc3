package dev.filigree.sparsity;

import dev.filigree.mask.Calibration;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.mask.TieBreak;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
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
    double[] sparsities = targets(scores, sparsity);
    return IntStream.range(0, sparsities.length)
        .mapToObj(
            i -> {
              SparseParameter parameter = group.parameters().get(i);
              TieBreak ties =
                  group
                      .algorithm()
                      .settings()
                      .ties()
                      .at(seed, parameter.name(), RandomScores.BEFORE_TRAINING);
              return Masks.topK(
                  scores.get(i), sparsities[i], group.targets().grouping(parameter), ties);
            })
        .toList();
  }

  /** The sparsity of each parameter, where all together have the given one. */
  double[] targets(List<Tensor> scores, double sparsity) {
    List<Distribution.Parameter> spreadable =
        IntStream.range(0, scores.size())
            .mapToObj(
                i -> {
                  SparseParameter parameter = group.parameters().get(i);
                  return Distribution.Parameter.of(
                      parameter.name(), parameter.shape(), () -> scores.get(i));
                })
            .toList();
    return group.algorithm().settings().distribution().spread(sparsity, spreadable);
  }

  /**
   * @throws IllegalStateException for a score that is not finite, or not of its parameter's shape
   */
  void requireFinite(List<Tensor> scores) {
    for (int i = 0; i < scores.size(); i++) {
      SparseParameter parameter = group.parameters().get(i);
      if (!parameter.requireScores("initial", scores.get(i)).isfinite().all().item_bool()) {
        throw new IllegalStateException(
            "%s: a score of %s is infinite or NaN"
                .formatted(parameter.name(), group.algorithm().settings().initialMask()));
      }
    }
  }
}
