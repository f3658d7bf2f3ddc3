package dev.filigree.sparsity.storage;

import dev.filigree.mask.Masks;
import dev.filigree.torch.Cuda;
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
 * A dense tensor whose missing weights are kept at zero, on any device and in any module. Until the
 * first mask every weight exists. Gradients outside the mask are zeroed as they arrive; on a GPU
 * with those of all other weights, by {@link ZeroingAtOnce}, so that autograd calls nobody in a
 * step whose gradients nobody wants.
 */
public final class MaskedStorage implements Storage {
  private static final int NONE = -1;

  private final String name;
  private final Tensor weight;
  private final GradientListener listener;
  private final GradientHook hook = new Hook();
  private final boolean zeroedWithOthers;
  private final long size;
  private final int gpu;
  private long missingAddress; // on a GPU, of a mask that zeroing keeps alive
  private int registration = NONE;
  private @Nullable Zeroing zeroing;
  private long kept;

  /**
   * @param name the parameter's, for errors
   */
  public MaskedStorage(String name, Tensor weight, GradientListener listener) {
    this.name = name;
    this.weight = weight;
    this.listener = listener;
    size = weight.numel();
    gpu = weight.device().index();
    kept = size;
    zeroedWithOthers =
        weight.is_cuda() && Tensors.type(weight) == ScalarType.Float && Cuda.obstacle().isEmpty();
    listen();
  }

  /**
   * Hears of the gradients of the next backward passes, or does not, as the listener wants: to be
   * called when that changes.
   */
  public void listen() {
    boolean needed = !zeroedWithOthers || listener.wantsGradient();
    if (needed && registration == NONE) {
      registration = weight.register_hook(hook);
    } else if (!needed && registration != NONE) {
      weight.remove_hook(registration);
      registration = NONE;
    }
  }

  /** Whether {@link ZeroingAtOnce} zeroes weight and gradient. */
  public boolean isZeroedWithOthers() {
    return zeroedWithOthers;
  }

  boolean hasMask() {
    return zeroing != null;
  }

  /** Where the mask lies on the GPU, a byte an element, 1 where no weight exists. */
  long missingAddress() {
    return missingAddress;
  }

  /** The number of the weight's GPU. */
  int gpu() {
    return gpu;
  }

  long size() {
    return size;
  }

  Tensor stored() {
    return weight;
  }

  /** The gradient, which may be undefined. */
  Tensor gradient() {
    Tensor gradient = weight.grad();
    if (gradient.defined()) {
      requireDense(gradient);
    }
    return gradient;
  }

  /** Zeroes the elements of a tensor of the weight's shape that do not exist. */
  void zero(Tensor tensor) {
    Objects.requireNonNull(zeroing).apply(tensor.detach());
  }

  private void requireDense(Tensor gradient) {
    if (gradient.is_sparse()) {
      throw new IllegalStateException(
          name + ": gradients must be dense; make its embedding without sparse gradients");
    }
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
          missingAddress = zeroedWithOthers ? zeroing.missing().data_ptr().address() : 0;
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
    if (registration != NONE) {
      weight.remove_hook(registration);
    }
    hook.close();
    if (zeroing != null) {
      zeroing.close();
    }
  }

  /** Zeroes the gradient outside the mask, once the listener has seen all of it. */
  private final class Hook extends GradientHook {
    @Override
    protected Tensor receive(Tensor gradient) {
      requireDense(gradient);
      if (listener.wantsGradient()) {
        listener.gradient(gradient);
      }
      if (zeroing == null || zeroedWithOthers) {
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
