package dev.filigree.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class BitMaskTest {
  private static Tensor mask(long rows, long columns, Random random) {
    Tensor mask = torch.zeros(new long[] {rows, columns}, new TensorOptions(ScalarType.Bool));
    MemorySegment flags = Tensors.segment(mask);
    for (long i = 0; i < flags.byteSize(); i++) {
      flags.set(ValueLayout.JAVA_BYTE, i, (byte) (random.nextBoolean() ? 1 : 0));
    }
    return mask;
  }

  @Property(tries = 50)
  void unpackingGivesBackWhatWasPacked(
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 1, max = 21) int columns,
      @ForAll @LongRange(min = 0, max = 1000) long seed) {
    Tensor mask = mask(rows, columns, new Random(seed));
    Tensor bits = BitMask.pack(mask);
    assertThat(bits.numel()).isEqualTo(BitMask.bytes((long) rows * columns));
    assertThat(BitMask.unpack(bits, new long[] {rows, columns}).equal(mask)).isTrue();
  }

  @Test
  void theFirstElementIsTheLowestBit() {
    Tensor mask = torch.zeros(new long[] {10}, new TensorOptions(ScalarType.Bool));
    MemorySegment flags = Tensors.segment(mask);
    flags.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    flags.set(ValueLayout.JAVA_BYTE, 9, (byte) 1);
    assertThat(Tensors.segment(BitMask.pack(mask)).toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(1, 2);
  }
}
