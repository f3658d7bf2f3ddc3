package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Masks as bits: element i of the flattened mask is bit i % 8 of byte i / 8. */
public final class BitMask {
  private static final long PIECE = 1 << 16; // bytes of the bits, for each task
  private static final ValueLayout.OfLong EIGHT =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
    LongStream.range(0, Math.ceilDiv(to.byteSize(), PIECE))
        .parallel()
        .forEach(
            piece -> {
              long end = Math.min((piece + 1) * PIECE, to.byteSize());
              for (long i = piece * PIECE; i < end; i++) {
                to.set(ValueLayout.JAVA_BYTE, i, packed(from, 8 * i));
              }
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
    LongStream.range(0, Math.ceilDiv(from.byteSize(), PIECE))
        .parallel()
        .forEach(
            piece -> {
              long end = Math.min((piece + 1) * PIECE, from.byteSize());
              for (long i = piece * PIECE; i < end; i++) {
                unpack(from.get(ValueLayout.JAVA_BYTE, i), to, 8 * i);
              }
            });
    return flags;
  }

  /** The bits of the eight flags from a position on, or of those that are left. */
  private static byte packed(MemorySegment flags, long first) {
    if (first + 8 <= flags.byteSize()) {
      // Flag i is moved from bit 8 i to bit 56 + i; no two of them meet.
      return (byte) ((flags.get(EIGHT, first) * 0x0102_0408_1020_4080L) >>> 56);
    }
    int bits = 0;
    for (long i = first; i < flags.byteSize(); i++) {
      bits |= flags.get(ValueLayout.JAVA_BYTE, i) << (i - first);
    }
    return (byte) bits;
  }

  private static void unpack(byte bits, MemorySegment flags, long first) {
    if (first + 8 <= flags.byteSize()) {
      // Bit i once in each byte, alone in byte i, and moved to its lowest place.
      long copies = ((bits & 0xFF) * 0x0101_0101_0101_0101L) & 0x8040_2010_0804_0201L;
      long flag = (((copies + 0x7F7F_7F7F_7F7F_7F7FL) | copies) >>> 7) & 0x0101_0101_0101_0101L;
      flags.set(EIGHT, first, flag);
      return;
    }
    for (long i = first; i < flags.byteSize(); i++) {
      flags.set(ValueLayout.JAVA_BYTE, i, (byte) (bits >> (i - first) & 1));
    }
  }

  private static Tensor empty(ScalarType type, long... shape) {
    return torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
  }
}
