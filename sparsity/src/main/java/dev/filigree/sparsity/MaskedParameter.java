package dev.filigree.sparsity;

import dev.filigree.mask.Masks;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** A dense tensor whose missing weights are kept at zero, on any device and in any module. */
final class MaskedParameter extends SparseParameter {
  private final DenseGradient gradient;
  private Zeroing zeroing;
  private long kept;

  /**
   * Starts dense.
   *
   * @param reason why it is masked
   */
  MaskedParameter(String name, Tensor weight, String reason) {
    super(name, weight, Tensors.shape(weight), reason);
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      zeroing = new Zeroing(weight, torch.zeros_like(weight).to(torch.ScalarType.Bool));
    }
    kept = size();
    gradient = new DenseGradient(name, weight(), dense -> zeroing.copy(dense));
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
    gradient.await(plan != null);
  }

  @Override
  boolean canGrowByGradient() {
    return gradient.sum().isPresent();
  }

  @Override
  public Optional<Tensor> denseGradient() {
    return gradient.sum();
  }

  @Override
  void forgetGradient() {
    gradient.forget();
  }

  @Override
  Moved update(DropAndGrow plan, Optimizer optimizer) {
    Tensor before = mask();
    Tensor after = updatedMask(plan, before, gradient.missing(plan, shape()), optimizer);
    long keptBefore = kept;
    long dropped = Masks.count(before.logical_and(after.logical_not()));
    replaceMissing(after.logical_not());
    long grown = kept - (keptBefore - dropped);
    prune(optimizer, true);
    return new Moved(dropped, grown);
  }

  @Override
  void release(Optimizer optimizer) {
    gradient.close();
    zeroing.close();
    weight().close();
  }

  private void replaceMissing(Tensor missing) {
    zeroing.close();
    zeroing = new Zeroing(weight(), missing);
    kept = size() - Masks.count(missing);
  }
}
