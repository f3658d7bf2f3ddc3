package dev.filigree.sparsity;

import dev.filigree.mask.RandomScores;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.WeightView;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** A sparse parameter as scores see it: dense for every storage, made on demand. */
final class ParameterView implements WeightView {
  private final SparseParameter parameter;
  private final Optimizer optimizer;
  private final long step;
  private final long seed;
  private final @Nullable Tensor gradient; // of one step
  private final boolean beforeStep;

  /** A view after the optimizer's step. */
  ParameterView(SparseParameter parameter, Optimizer optimizer, long step, long seed) {
    this(parameter, optimizer, step, seed, null, false);
  }

  private ParameterView(
      SparseParameter parameter,
      Optimizer optimizer,
      long step,
      long seed,
      @Nullable Tensor gradient,
      boolean beforeStep) {
    this.parameter = parameter;
    this.optimizer = optimizer;
    this.step = step;
    this.seed = seed;
    this.gradient = gradient;
    this.beforeStep = beforeStep;
  }

  /**
   * The view of a growth score that uses the gradient of one step. It is the same whether the score
   * is computed as the gradient arrives or afterwards: nothing that the optimizer's step changes is
   * in it.
   */
  ParameterView ofGradient(Tensor arriving) {
    return new ParameterView(parameter, optimizer, step, seed, arriving, true);
  }

  /** The view where no optimizer step is made: all of it goes with the gradient. */
  ParameterView withGradient(Tensor mean) {
    return new ParameterView(parameter, optimizer, step, seed, mean, false);
  }

  private void requireAfterStep(String what) {
    if (beforeStep) {
      throw new IllegalStateException(
          name()
              + ": a growth score that uses the gradient of one step has no "
              + what
              + ": it is computed before the optimizer's step; Evidence.gradient(2) is used"
              + " after it");
    }
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
    requireAfterStep("values");
    return parameter.stored();
  }

  @Override
  public Tensor mask() {
    return parameter.mask();
  }

  @Override
  public Tensor keptGradient() {
    requireAfterStep("keptGradient");
    Tensor stored = parameter.weight().grad();
    return stored.defined() ? parameter.toDense(stored) : zeros();
  }

  @Override
  public Tensor gradient() {
    return gradient == null ? parameter.evidence().gradient() : gradient;
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
    requireAfterStep("optimizer state");
    Tensor state = optimizer.state(parameter.weight()).get(stateName);
    if (state == null || !parameter.hasFormOfWeight(state)) {
      throw new IllegalArgumentException(
          "%s: the optimizer keeps no '%s' of its form, only %s"
              .formatted(name(), stateName, optimizer.state(parameter.weight()).keySet()));
    }
    return parameter.toDense(state);
  }

  @Override
  public Tensor forwardTensor(String tensorName) {
    Tensor tensor = parameter.forwardTensors().get(tensorName);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "%s: its forward weight has no '%s', only %s"
              .formatted(name(), tensorName, parameter.forwardTensors().keySet()));
    }
    return tensor.detach();
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
    Tensor ones = mask().to(ScalarType.Float);
    // A sum over no dimension would be one over all of them.
    return dimensions.length == 0 ? ones : ones.sum(dimensions, true, null);
  }
}
