package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.LongAdder;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Selection on the CPU, over the tensors' own memory. */
final class HostSelector implements Selector {
  private final int threads;

  HostSelector(int threads) {
    this.threads = threads;
  }

  @Override
  public Tensor select(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties) {
    long size = grouping.size();
    Tensor result =
        torch.empty(new long[] {grouping.groups(), size}, new TensorOptions(ScalarType.Bool), null);
    var job =
        new Job(
            Tensors.segment(scores),
            mask == null ? null : Tensors.segment(mask),
            Tensors.segment(result),
            size,
            size <= RadixSelect.SMALL ? quota.tabulated((int) size) : quota,
            grouping,
            ties);
    if (size <= RadixSelect.SMALL) {
      ParallelRanges.forEach(
          grouping.groups(),
          ParallelRanges.ranges(scores.numel(), threads),
          (range, from, count) -> job.smallGroups(from, count));
    } else {
      for (long group = 0; group < grouping.groups(); group++) {
        job.largeGroup(group, threads);
      }
    }
    return result;
  }

  /** One selection: the memory it reads and writes, [groups, size] each. */
  private record Job(
      MemorySegment scores,
      @Nullable MemorySegment mask,
      MemorySegment result,
      long size,
      Quota quota,
      SelectionGroups grouping,
      TieBreak ties) {

    Keys keys() {
      int wanted = quota.competitors() == Quota.Competitors.MISSING ? 0 : 1;
      return new SegmentKeys(scores, mask, wanted, grouping::index);
    }

    void largeGroup(long group, int threads) {
      long from = group * size;
      long winners = quota.winners().applyAsLong(existing(from, threads));
      Keys keys = keys();
      Cutoff cutoff = RadixSelect.cutoff(keys, from, size, winners, ties, threads);
      ParallelRanges.forEach(
          size,
          ParallelRanges.ranges(size, threads),
          (range, start, count) -> {
            var block = new Keys.Block();
            for (long done = 0; done < count; done += Keys.Block.SIZE) {
              long first = from + start + done;
              int length = (int) Math.min(Keys.Block.SIZE, count - done);
              keys.read(first, length, block);
              mark(keys, block, 0, length, first, cutoff);
              write(block, first, length);
            }
          });
    }

    void smallGroups(long fromGroup, long groups) {
      Keys keys = keys();
      var block = new Keys.Block();
      int width = (int) size;
      long batch = Keys.Block.SIZE / width;
      for (long done = 0; done < groups; done += batch) {
        long first = (fromGroup + done) * size;
        int length = (int) Math.min(batch, groups - done) * width;
        keys.read(first, length, block);
        for (int at = 0; at < length; at += width) {
          long winners = quota.winners().applyAsLong(existing(block, at, width));
          Cutoff cutoff =
              RadixSelect.smallCutoff(keys, block.keys, at, width, first + at, winners, ties);
          mark(keys, block, at, width, first + at, cutoff);
        }
        write(block, first, length);
      }
    }

    /** Turns the flags of a range of a block into those of the result. */
    private void mark(Keys keys, Keys.Block block, int from, int count, long first, Cutoff cutoff) {
      int kept = quota.competitors() == Quota.Competitors.MISSING ? 1 : 0;
      if (cutoff.rank() == Cutoff.ALL_TIES) {
        markAbove(block.keys, block.flags, from, count, kept, cutoff.key());
        return;
      }
      for (int i = from; i < from + count; i++) {
        boolean won = cutoff.admits(block.keys[i], keys.index(first + i - from), ties);
        block.flags[i] = (byte) (won ? 1 : block.flags[i] & kept);
      }
    }

    private static void markAbove(
        int[] keys, byte[] flags, int from, int count, int kept, int line) {
      for (int i = from; i < from + count; i++) {
        flags[i] = (byte) ((keys[i] >= line ? 1 : 0) | (flags[i] & kept));
      }
    }

    private void write(Keys.Block block, long first, int length) {
      MemorySegment.copy(block.flags, 0, result, ValueLayout.JAVA_BYTE, first, length);
    }

    private long existing(Keys.Block block, int from, int count) {
      long existing = 0;
      if (mask != null) {
        for (int i = from; i < from + count; i++) {
          existing += block.flags[i];
        }
      }
      return existing;
    }

    private long existing(long from, int threads) {
      if (mask == null) {
        return 0;
      }
      var existing = new LongAdder();
      ParallelRanges.forEach(
          size,
          ParallelRanges.ranges(size, threads),
          (range, start, count) -> {
            var block = new Keys.Block();
            for (long done = 0; done < count; done += Keys.Block.SIZE) {
              int length = (int) Math.min(Keys.Block.SIZE, count - done);
              MemorySegment.copy(
                  mask, ValueLayout.JAVA_BYTE, from + start + done, block.flags, 0, length);
              existing.add(existing(block, 0, length));
            }
          });
      return existing.sum();
    }
  }
}
