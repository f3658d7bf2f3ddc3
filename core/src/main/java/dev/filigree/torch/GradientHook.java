package dev.filigree.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.jspecify.annotations.Nullable;

/**
 * A callback for the gradient of a tensor. It runs on the thread that autograd uses, in a pointer
 * scope of its own and without recording a graph.
 *
 * <p>libtorch does not keep the Java object: whoever registers it must, as long as the tensor's
 * graph exists. It outlives the pointer scope in which it was created.
 */
public abstract class GradientHook extends TensorTensorHook {
  /**
   * The last result of a hook on this thread. libtorch takes its reference only after the call has
   * returned, so the result must live until then, and no longer: a second reference makes libtorch
   * copy a gradient that it could keep, and holds the memory.
   */
  private static final ThreadLocal<@Nullable Tensor> RETURNED = new ThreadLocal<>();

  /** Tells libtorch to continue with the unchanged gradient, without a reference to it. */
  private static final TensorBase UNCHANGED = new TensorBase().retainReference();

  /**
   * The reference count, within {@link #receive}, of a gradient that only autograd and this hook
   * hold.
   */
  private static final int SOLE = 5;

  /** A hook for any number of tensors. */
  @SuppressWarnings("this-escape") // counts a reference; nothing sees the unfinished object
  protected GradientHook() {
    retainReference();
  }

  /**
   * Called with each gradient, in a pointer scope of its own and without recording.
   *
   * @return the gradient to continue with; the same object leaves it unchanged
   */
  protected abstract Tensor receive(Tensor gradient);

  @Override
  @SuppressWarnings("ReferenceEquality") // the very object, not one like it
  public final TensorBase call(TensorBase gradient) {
    try (gradient; // the binding's reference would last as long as the scope around the whole pass
        var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      var received = new Tensor(gradient);
      Tensor result = receive(received);
      forgetReturned();
      if (result == received) {
        return UNCHANGED;
      }
      Tensor owned = new Tensor(result).retainReference();
      RETURNED.set(owned);
      return owned;
    }
  }

  /**
   * Whether nothing else holds a gradient passed to {@link #receive}, nor its memory, so that it
   * may be changed in place.
   */
  protected static boolean isSole(Tensor gradient) {
    return gradient.use_count() == SOLE
        && gradient.storage().use_count() == 1
        && gradient.is_non_overlapping_and_dense();
  }

  /** Releases the last gradient that a hook on this thread returned. */
  public static void forgetReturned() {
    Tensor last = RETURNED.get();
    if (last != null) {
      last.close();
      RETURNED.remove();
    }
  }
}
