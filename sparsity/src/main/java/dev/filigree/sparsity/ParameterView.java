package dev.filigree.sparsity;

import dev.filigree.mask.RandomScores;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.WeightView;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A sparse parameter as scores see it: made when they ask, dense whatever the storage. */
final class ParameterView implements WeightView {
  private final SparseParameter parameter;
  private final Optimizer optimizer;
  private final long step;
  private final long seed;
  private final Supplier<Tensor> gradient;

  /** A view in which the evidence of the parameter is the gradient. */
  ParameterView(SparseParameter parameter, Optimizer optimizer, long step, long seed) {
    this(parameter, optimizer, step, seed, () -> parameter.evidence().gradient());
  }

  /** A view with a gradient that has just arrived. */
  ParameterView(
      SparseParameter parameter,
      Optimizer optimizer,
      long step,
      long seed,
      Supplier<Tensor> gradient) {
    this.parameter = parameter;
    this.optimizer = optimizer;
    this.step = step;
    this.seed = seed;
    this.gradient = gradient;
  }

  @Override
  public String name() {
    return parameter.name();
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public Tensor values() {
    return parameter.stored();
  }

  @Override
  public Tensor mask() {
    return parameter.mask();
  }

  @Override
  public Tensor keptGradient() {
    Tensor stored = parameter.weight().grad();
    return stored.defined() ? parameter.toDense(stored) : zeros();
  }

  @Override
  public Tensor gradient() {
    return gradient.get();
  }

  @Override
  public Tensor momentum() {
    return parameter.evidence().momentum();
  }

  @Override
  public Tensor inputNorms() {
    return parameter.evidence().inputNorms();
  }

  @Override
  public Tensor optimizerState(String stateName) {
    Tensor state = optimizer.state(parameter.weight()).get(stateName);
    if (state == null || !parameter.hasFormOfWeight(state)) {
      throw new IllegalArgumentException(
          "%s: the optimizer keeps no '%s' of its form, only %s"
              .formatted(name(), stateName, optimizer.state(parameter.weight()).keySet()));
    }
    return parameter.toDense(state);
  }

  @Override
  public Tensor random() {
    return RandomScores.of(seed, name(), step)
        .tensor(parameter.weight().device(), parameter.shape());
  }

  @Override
  public Tensor zeros() {
    return torch.zeros(parameter.shape(), parameter.weight().options());
  }

  @Override
  public Tensor rowCounts() {
    long[] others = new long[parameter.shape().length - 1];
    for (int i = 0; i < others.length; i++) {
      others[i] = i + 1L;
    }
    return counts(others);
  }

  @Override
  public Tensor columnCounts() {
    long[] others = new long[parameter.shape().length - 1];
    for (int i = 1; i < others.length; i++) {
      others[i] = i + 1L;
    }
    return counts(others);
  }

  private Tensor counts(long[] dimensions) {
    return mask().to(ScalarType.Float).sum(dimensions, true, null);
  }
}
