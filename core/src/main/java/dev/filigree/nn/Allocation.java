package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Where layers under construction allocate their parameters: in CPU memory by default; nowhere,
 * when only names and shapes are needed (libtorch's device {@code meta}); or on a device as
 * placeholders that receive their values later.
 */
public final class Allocation {
  private static final ScopedValue<Boolean> SHAPES_ONLY = ScopedValue.newInstance();
  private static final ScopedValue<Device> UNFILLED = ScopedValue.newInstance();

  private Allocation() {}

  /**
   * Creates a module whose parameters have shapes but take no memory, however large they are. This
   * holds for the layers of this package and for tensors from {@link #zeros}, {@link #ones} and
   * {@link #empty}; libtorch's own modules still allocate theirs.
   *
   * @throws IllegalArgumentException for a shape whose elements cannot be counted
   */
  public static <T> T shapesOnly(Supplier<T> maker) {
    return ScopedValue.where(SHAPES_ONLY, true).call(maker::get);
  }

  /**
   * Creates a module whose tensors have their shape and device but the memory of a single element
   * until {@link Tensor#set_data} gives each its values, so that a large model never exists whole
   * and dense. Tensors from {@link #zeros} and {@link #ones} read as zeros and ones; writing into
   * one fails.
   */
  public static <T> T unfilled(Device device, Supplier<T> maker) {
    return ScopedValue.where(UNFILLED, device).call(maker::get);
  }

  /** Whether a tensor is one of {@link #unfilled} that has no values yet. */
  public static boolean isUnfilled(Tensor tensor) {
    return tensor.numel() > 1 && tensor.storage().nbytes() == tensor.element_size();
  }

  /** One element expanded to a shape; detached, because autograd would follow a view. */
  private static Tensor repeated(double value, long... shape) {
    var options = new TensorOptions(UNFILLED.get());
    return Tensors.scoped(
        () -> torch.full(new long[] {1}, new Scalar(value), options).expand(shape).detach());
  }

  /** An uninitialized float32 tensor on the CPU. */
  public static Tensor empty(long... shape) {
    if (UNFILLED.isBound()) {
      return repeated(0, shape);
    }
    if (!SHAPES_ONLY.isBound()) {
      return torch.empty(shape);
    }
    requireCountable(shape);
    var nowhere = new TensorOptions(new Device("meta"));
    return torch.empty(shape, nowhere, new MemoryFormatOptional());
  }

  /** A float32 tensor of zeros on the CPU. */
  public static Tensor zeros(long... shape) {
    return SHAPES_ONLY.isBound() || UNFILLED.isBound() ? empty(shape) : torch.zeros(shape);
  }

  /** A float32 tensor of ones on the CPU. */
  public static Tensor ones(long... shape) {
    if (UNFILLED.isBound()) {
      return repeated(1, shape);
    }
    return SHAPES_ONLY.isBound() ? empty(shape) : torch.ones(shape);
  }

  private static void requireCountable(long... shape) {
    double bytes = Float.BYTES;
    for (long size : shape) {
      bytes *= size;
    }
    if (bytes >= Long.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a tensor of shape " + Arrays.toString(shape) + " has more elements than can be counted");
    }
  }
}
