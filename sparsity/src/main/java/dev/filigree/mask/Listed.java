package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** Some weights of a parameter, in one group, by a list of their indices. On the CPU. */
final class Listed implements SelectionGroups {
  private final long[] indices;

  /**
   * @param indices int64 [n], ascending
   */
  Listed(Tensor indices) {
    this.indices = new long[Math.toIntExact(indices.numel())];
    if (this.indices.length > 0) {
      MemorySegment.copy(
          Tensors.segment(indices), ValueLayout.JAVA_LONG, 0, this.indices, 0, this.indices.length);
    }
  }

  @Override
  public long[] shape() {
    return new long[] {indices.length};
  }

  @Override
  public long groups() {
    return 1;
  }

  @Override
  public long size() {
    return indices.length;
  }

  @Override
  public Tensor arrange(Tensor values) {
    return values.reshape(1, indices.length);
  }

  @Override
  public Tensor restore(Tensor mask) {
    return mask.reshape(indices.length);
  }

  @Override
  public long index(long position) {
    return indices[(int) position];
  }

  @Override
  public long position(long index) {
    return Arrays.binarySearch(indices, index);
  }
}
