package dev.filigree.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.jspecify.annotations.Nullable;

/**
 * What happens when the gradient of a tensor arrives. It runs on whatever thread autograd uses, so
 * it brings its own pointer scope and records no graph.
 *
 * <p>libtorch does not keep the Java object: whoever registers it must, as long as the tensor's
 * graph exists. It outlives the pointer scope that it is made in.
 */
public abstract class GradientHook extends TensorTensorHook {
  /**
   * What the hooks of this thread gave back last. libtorch takes its reference only once the call
   * has returned, so it must live until then, and no longer: a second reference makes libtorch copy
   * a gradient that it would keep, and holds the memory.
   */
  private static final ThreadLocal<@Nullable Tensor> RETURNED = new ThreadLocal<>();

  /** A hook for any number of tensors. */
  @SuppressWarnings("this-escape") // counts a reference; nothing sees the unfinished object
  protected GradientHook() {
    retainReference();
  }

  /**
   * Takes a gradient, with a scope of its own and without recording.
   *
   * @return what takes its place; the same object to leave it as it is
   */
  protected abstract Tensor receive(Tensor gradient);

  @Override
  public final TensorBase call(TensorBase gradient) {
    try (gradient; // the binding's reference would last as long as the scope around the whole pass
        var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      Tensor result = receive(new Tensor(gradient));
      forgetReturned();
      Tensor owned = new Tensor(result).retainReference();
      RETURNED.set(owned);
      return owned;
    }
  }

  /** Lets go of the last gradient that a hook of this thread gave back. */
  public static void forgetReturned() {
    Tensor last = RETURNED.get();
    if (last != null) {
      last.close();
      RETURNED.remove();
    }
  }
}
