package dev.filigree.sparsity.storage;

import dev.filigree.mask.Masks;
import dev.filigree.torch.GradientHook;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
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
  private final GradientHook hook = new Hook();
  private final int registration;
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
    registration = weight.register_hook(hook);
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
  public void makeDense(Map<String, Tensor> state) {
    // It is.
  }

  @Override
  public void detach() {
    weight.remove_hook(registration);
    hook.close();
    if (zeroing != null) {
      zeroing.close();
    }
  }

  /** Zeroes the gradient outside the mask, once the listener has seen all of it. */
  private final class Hook extends GradientHook {
    @Override
    protected Tensor receive(Tensor gradient) {
      if (gradient.is_sparse()) {
        throw new IllegalStateException(
            name + ": gradients must be dense; make its embedding without sparse gradients");
      }
      if (listener.wantsGradient()) {
        listener.gradient(gradient);
      }
      if (zeroing == null) {
        return gradient;
      }
      if (isSole(gradient)) {
        zeroing.apply(gradient);
        return gradient;
      }
      return zeroing.copy(gradient);
    }
  }
}
