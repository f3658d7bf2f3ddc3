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
 * Where the layers that are being made put their parameters: in memory, or nowhere, where only
 * their names and shapes are wanted (libtorch's device {@code meta}), or on a device without memory
 * yet, where each gets its values later.
 */
public final class Allocation {
  private static final ScopedValue<Boolean> SHAPES_ONLY = ScopedValue.newInstance();
  private static final ScopedValue<Device> UNFILLED = ScopedValue.newInstance();

  private Allocation() {}

  /**
   * Makes a module whose parameters have shapes and no memory, however large they are. Layers of
   * this package and tensors of {@link #zeros}, {@link #ones} and {@link #empty} are so made; what
   * libtorch's own modules hold is in memory all the same.
   *
   * @throws IllegalArgumentException for a shape whose elements cannot be counted
   */
  public static <T> T shapesOnly(Supplier<T> maker) {
    return ScopedValue.where(SHAPES_ONLY, true).call(maker::get);
  }

  /**
   * Makes a module whose tensors have their shapes and device, and the memory of a single element,
   * until {@link Tensor#set_data} gives each its values: so that a large model never exists whole
   * and dense. Tensors of {@link #zeros} and {@link #ones} read as what they are; whoever writes
   * into one fails.
   */
  public static <T> T unfilled(Device device, Supplier<T> maker) {
    return ScopedValue.where(UNFILLED, device).call(maker::get);
  }

  /** Whether a tensor is one of {@link #unfilled} that has no values yet. */
  public static boolean isUnfilled(Tensor tensor) {
    return tensor.numel() > 1 && tensor.storage().nbytes() == tensor.element_size();
  }

  /** One element that stands for all: not a view, which autograd would follow. */
  private static Tensor repeated(double value, long... shape) {
    var options = new TensorOptions(UNFILLED.get());
    return Tensors.scoped(
        () -> torch.full(new long[] {1}, new Scalar(value), options).expand(shape).detach());
  }

  /** A float32 tensor on the CPU without a value yet. */
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
