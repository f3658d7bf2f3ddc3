package dev.filigree.mask;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The keys of float32 scores in memory, with or without a mask that says which of them compete.
 *
 * <p>A block is copied out before it is read: the loops then only ever see int arrays, however the
 * scores are stored, and the copy stays in the first-level cache.
 */
final class SegmentKeys implements Keys {
  private final MemorySegment scores;
  private final @Nullable MemorySegment mask;
  private final int wanted;
  private final LongUnaryOperator index;

  /**
   * Keys of scores.
   *
   * @param scores float32 in native byte order
   * @param mask one byte (0 or 1) a score, or null where all compete
   * @param wanted the flag of those that compete
   * @param index from the position of a score to the index that ties are broken by
   */
  SegmentKeys(
      MemorySegment scores, @Nullable MemorySegment mask, int wanted, LongUnaryOperator index) {
    this.scores = scores;
    this.mask = mask;
    this.wanted = wanted;
    this.index = index;
  }

  @Override
  public void read(long first, int count, Block block) {
    MemorySegment.copy(
        scores, ValueLayout.JAVA_INT_UNALIGNED, first * Float.BYTES, block.keys, 0, count);
    Keys.convert(block.keys, count);
    if (mask != null) {
      MemorySegment.copy(mask, ValueLayout.JAVA_BYTE, first, block.flags, 0, count);
      Keys.restrict(block.keys, block.flags, wanted, count);
    }
  }

  @Override
  public long index(long position) {
    return index.applyAsLong(position);
  }

  @Override
  public long highestIndex(long from, long count) {
    return index(from + count - 1); // they rise along a group
  }
}
