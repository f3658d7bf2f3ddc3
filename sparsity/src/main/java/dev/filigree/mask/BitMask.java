package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Masks as bits: element i of the flattened mask is bit i % 8 of byte i / 8. */
public final class BitMask {
  private BitMask() {}

  /** Bytes that the bits of a mask take. */
  public static long bytes(long elements) {
    return Math.ceilDiv(elements, 8L);
  }

  /** A bool tensor of any shape as uint8 [ceil(elements / 8)]. */
  public static Tensor pack(Tensor mask) {
    Tensor flags = mask.cpu().contiguous();
    Tensor bits = empty(ScalarType.Byte, bytes(flags.numel()));
    MemorySegment from = Tensors.segment(flags);
    MemorySegment to = Tensors.segment(bits);
    LongStream.range(0, to.byteSize())
        .parallel()
        .forEach(
            i -> {
              int packed = 0;
              long first = i * 8;
              int count = (int) Math.min(8, from.byteSize() - first);
              for (int bit = 0; bit < count; bit++) {
                packed |= from.get(ValueLayout.JAVA_BYTE, first + bit) << bit;
              }
              to.set(ValueLayout.JAVA_BYTE, i, (byte) packed);
            });
    return bits;
  }

  /**
   * The reverse of {@link #pack}.
   *
   * @throws IllegalArgumentException when the bits are not as many as the mask has
   */
  public static Tensor unpack(Tensor bits, long[] shape) {
    Tensor flags = empty(ScalarType.Bool, shape);
    if (bits.scalar_type().intern() != ScalarType.Byte || bits.numel() != bytes(flags.numel())) {
      throw new IllegalArgumentException(
          "%d elements of type %s are not the bits of a mask of shape %s, which takes %d bytes"
              .formatted(
                  bits.numel(), bits.scalar_type(), Arrays.toString(shape), bytes(flags.numel())));
    }
    MemorySegment from = Tensors.segment(bits);
    MemorySegment to = Tensors.segment(flags);
    LongStream.range(0, from.byteSize())
        .parallel()
        .forEach(
            i -> {
              int packed = from.get(ValueLayout.JAVA_BYTE, i);
              long first = i * 8;
              int count = (int) Math.min(8, to.byteSize() - first);
              for (int bit = 0; bit < count; bit++) {
                to.set(ValueLayout.JAVA_BYTE, first + bit, (byte) (packed >> bit & 1));
              }
            });
    return flags;
  }

  private static Tensor empty(ScalarType type, long... shape) {
    return torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
  }
}
