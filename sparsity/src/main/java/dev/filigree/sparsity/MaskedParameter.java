package dev.filigree.sparsity;

import dev.filigree.mask.Grouping;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.mask.TieBreak;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** A dense tensor whose missing weights are kept at zero, on any device and in any module. */
final class MaskedParameter extends SparseParameter {
  private final int hook;
  // libtorch calls into these objects: they must stay reachable, and outlive the scope around us.
  private final TensorTensorHook gradientHook = new GradientHook().retainReference();
  private @Nullable Tensor lastGradient;

  private Zeroing zeroing;
  private long kept;
  private boolean wanted;
  private @Nullable Tensor denseGradient;

  /** Starts dense. */
  MaskedParameter(String name, Tensor weight) {
    super(name, weight, Tensors.shape(weight));
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      zeroing = new Zeroing(weight, torch.zeros_like(weight).to(torch.ScalarType.Bool));
    }
    kept = size();
    hook = weight.register_hook(gradientHook);
  }

  @Override
  public long kept() {
    return kept;
  }

  @Override
  public Execution execution() {
    return Execution.MASKED;
  }

  @Override
  public long structureBytes() {
    return zeroing.bytes();
  }

  @Override
  public Tensor mask() {
    return zeroing.kept();
  }

  @Override
  public Tensor dense() {
    return weight().detach();
  }

  @Override
  public Tensor toDense(Tensor state) {
    return state;
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return dense;
  }

  @Override
  long counted() {
    return count(zeroing::kept);
  }

  @Override
  long astray() {
    return count(() -> weight().ne(new Scalar(0)).logical_and(zeroing.missing()));
  }

  private static long count(Supplier<Tensor> mask) {
    long[] count = new long[1];
    Tensors.inScope(() -> count[0] = Masks.count(mask.get()));
    return count[0];
  }

  @Override
  void setMask(Tensor mask, Optimizer optimizer) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      replaceMissing(mask.to(weight().device(), torch.ScalarType.Bool).logical_not());
      prune(optimizer, true);
    }
  }

  @Override
  void prune(Optimizer optimizer, boolean stateToo) {
    zeroing.apply(weight().detach());
    if (stateToo) {
      for (Tensor state : optimizer.state(weight()).values()) {
        if (follows(state)) {
          zeroing.apply(state);
        }
      }
    }
  }

  @Override
  void awaitUpdate(@Nullable DropAndGrow plan) {
    wanted = plan != null;
  }

  @Override
  boolean canGrowByGradient() {
    return denseGradient != null;
  }

  @Override
  public Optional<Tensor> denseGradient() {
    return Optional.ofNullable(denseGradient);
  }

  @Override
  void forgetGradient() {
    if (denseGradient != null) {
      denseGradient.close();
      denseGradient = null;
    }
  }

  @Override
  Moved update(DropAndGrow plan, Optimizer optimizer) {
    Grouping grouping = plan.shaper().group(name(), shape());
    TieBreak ties = plan.ties().at(plan.seed(), name(), plan.step());
    Tensor before = mask();
    Tensor left =
        Masks.dropMinimum(
            plan.dropScore().apply(keptWeights(optimizer)),
            before,
            plan.dropFraction(),
            plan.sparsity(),
            grouping,
            ties);
    Tensor after =
        Masks.growMaximum(
            plan.growScore().apply(new Missing(plan)), left, plan.sparsity(), grouping, ties);
    long keptBefore = kept;
    long dropped = Masks.count(before.logical_and(after.logical_not()));
    replaceMissing(after.logical_not());
    long grown = kept - (keptBefore - dropped);
    prune(optimizer, true);
    return new Moved(dropped, grown);
  }

  @Override
  void release(Optimizer optimizer) {
    weight().remove_hook(hook);
    gradientHook.close();
    forgetGradient();
    if (lastGradient != null) {
      lastGradient.close();
    }
    zeroing.close();
    weight().close();
  }

  private void replaceMissing(Tensor missing) {
    zeroing.close();
    zeroing = new Zeroing(weight(), missing);
    kept = size() - Masks.count(missing);
  }

  /** Takes a tensor out of the scopes of this thread: it lives until it is replaced. */
  private static Tensor own(Tensor tensor) {
    Tensor owned = new Tensor(tensor);
    owned.retainReference();
    return owned;
  }

  /** Zeroes the gradient outside the mask, keeping the dense one first where it is wanted. */
  private final class GradientHook extends TensorTensorHook {
    @Override
    public TensorBase call(TensorBase gradient) {
      try (var _ = new NoGradGuard();
          var _ = new PointerScope()) {
        Tensor dense = new Tensor(gradient);
        if (dense.is_sparse()) {
          throw new IllegalStateException(
              name() + ": gradients must be dense; make its embedding without sparse gradients");
        }
        if (wanted) {
          capture(dense);
        }
        if (lastGradient != null) {
          lastGradient.close();
        }
        lastGradient = own(zeroing.copy(dense));
        return lastGradient;
      }
    }
  }

  private void capture(Tensor dense) {
    if (!weight().grad().defined()) {
      // The first micro-batch of a step; the step before may have been skipped.
      forgetGradient();
    }
    if (denseGradient == null) {
      denseGradient = own(dense.clone());
    } else {
      denseGradient.add_(dense);
    }
  }

  private final class Missing implements MissingWeights {
    private final DropAndGrow plan;

    Missing(DropAndGrow plan) {
      this.plan = plan;
    }

    @Override
    public Tensor gradient() {
      if (denseGradient == null) {
        throw new IllegalStateException(
            name() + ": no dense gradient was captured; does the algorithm say growsByGradient?");
      }
      return denseGradient;
    }

    @Override
    public Tensor random() {
      return RandomScores.of(plan.seed(), name(), plan.step()).tensor(weight().device(), shape());
    }

    @Override
    public Tensor zeros() {
      return torch.zeros_like(weight());
    }
  }
}
