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

  /** What tells libtorch to go on with the gradient as it is, without a reference to it. */
  private static final TensorBase UNCHANGED = new TensorBase().retainReference();

  /** References to a gradient that is nobody else's, in {@link #receive}: autograd's and ours. */
  private static final int SOLE = 5;

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
   * Whether a gradient that {@link #receive} was given is nobody else's, nor its memory, so that it
   * may be changed in place.
   */
  protected static boolean isSole(Tensor gradient) {
    return gradient.use_count() == SOLE
        && gradient.storage().use_count() == 1
        && gradient.is_non_overlapping_and_dense();
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
