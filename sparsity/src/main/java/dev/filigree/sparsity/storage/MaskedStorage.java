package dev.filigree.sparsity.storage;

import dev.filigree.mask.Masks;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A dense tensor whose missing weights are kept at zero, on any device and in any module. Gradients
 * outside the mask are zeroed as they arrive. Until the first mask every weight exists.
 */
public final class MaskedStorage implements Storage {
  private final String name;
  private final Tensor weight;
  private final GradientListener listener;
  private final int hook;
  // libtorch calls into this object: it must stay reachable, and outlive the scope around us.
  private final TensorTensorHook gradientHook = new GradientHook().retainReference();
  private @Nullable Tensor lastGradient; // what the hook gave to libtorch lives until the next
  private @Nullable Zeroing zeroing;
  private long kept;

  /**
   * @param name the parameter's, for errors
   */
  public MaskedStorage(String name, Tensor weight, GradientListener listener) {
    this.name = name;
    this.weight = weight;
    this.listener = listener;
    kept = weight.numel();
    hook = weight.register_hook(gradientHook);
  }

  @Override
  public long kept() {
    return kept;
  }

  @Override
  public long structureBytes() {
    return zeroing == null ? 0 : zeroing.bytes();
  }

  @Override
  public Tensor mask() {
    return zeroing == null ? torch.ones_like(weight).to(ScalarType.Bool) : zeroing.kept();
  }

  @Override
  public Tensor toDense(Tensor stored) {
    return stored;
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return zeroing == null ? dense : zeroing.copy(dense);
  }

  @Override
  public void mask(Tensor mask, Map<String, Tensor> state) {
    Tensors.inScope(
        () -> {
          Tensor missing = mask.to(weight.device(), ScalarType.Bool).logical_not();
          if (zeroing != null) {
            zeroing.close();
          }
          zeroing = new Zeroing(weight, missing);
          kept = weight.numel() - Masks.count(missing);
          enforce(state);
        });
  }

  @Override
  public void enforce(Map<String, Tensor> state) {
    if (zeroing == null) {
      return;
    }
    zeroing.apply(weight.detach());
    for (Tensor tensor : state.values()) {
      if (Arrays.equals(Tensors.shape(tensor), Tensors.shape(weight))) {
        zeroing.apply(tensor);
      }
    }
  }

  @Override
  public long counted() {
    return zeroing == null ? kept : Masks.count(Tensors.scoped(zeroing::kept));
  }

  @Override
  public long nonzeroOutsideMask() {
    return zeroing == null
        ? 0
        : Masks.count(
            Tensors.scoped(
                () ->
                    weight
                        .ne(new Scalar(0))
                        .logical_and(Objects.requireNonNull(zeroing).missing())));
  }

  @Override
  public void release(Map<String, Tensor> state) {
    weight.remove_hook(hook);
    gradientHook.close();
    if (zeroing != null) {
      zeroing.close();
    }
  }

  /** Zeroes the gradient outside the mask, once the listener has seen all of it. */
  private final class GradientHook extends TensorTensorHook {
    @Override
    public TensorBase call(TensorBase gradient) {
      try (var _ = new NoGradGuard();
          var _ = new PointerScope()) {
        Tensor dense = new Tensor(gradient);
        if (dense.is_sparse()) {
          throw new IllegalStateException(
              name + ": gradients must be dense; make its embedding without sparse gradients");
        }
        if (listener.wantsGradient()) {
          listener.gradient(dense);
        }
        if (zeroing == null) {
          return gradient;
        }
        if (lastGradient != null) {
          lastGradient.close();
        }
        lastGradient = new Tensor(zeroing.copy(dense)).retainReference();
        return lastGradient;
      }
    }
  }
}
