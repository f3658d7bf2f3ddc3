package dev.filigree.nn;

import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Where the layers that are being made put their parameters: in memory, or nowhere, where only only
 * their names and shapes are wanted (libtorch's device {@code meta}).
 */
public final class Allocation {
  private static final ScopedValue<Boolean> SHAPES_ONLY = ScopedValue.newInstance();

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

  /** A float32 tensor on the CPU without a value yet. */
  public static Tensor empty(long... shape) {
    if (!SHAPES_ONLY.isBound()) {
      return torch.empty(shape);
    }
    requireCountable(shape);
    var nowhere = new TensorOptions(new Device("meta"));
    return torch.empty(shape, nowhere, new MemoryFormatOptional());
  }

  /** A float32 tensor of zeros on the CPU. */
  public static Tensor zeros(long... shape) {
    return SHAPES_ONLY.isBound() ? empty(shape) : torch.zeros(shape);
  }

  /** A float32 tensor of ones on the CPU. */
  public static Tensor ones(long... shape) {
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
