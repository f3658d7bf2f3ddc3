package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Selection by tensor operations, on the device of the scores. The line is found by bisecting the
 * 32 bits of the keys for all groups at once: that needs no sort, no memory beyond a flag a score,
 * no word from the host, and gives the same line as {@link RadixSelect}.
 */
final class DeviceSelector implements Selector {
  /** For groups up to this size, the number of winners comes from a table on the device. */
  private static final long TABLE = 4096;

  private static final long[] ALONG_GROUP = {1};

  @Override
  public Tensor select(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping, TieBreak ties) {
    Tensor keys = keys(scores);
    if (mask != null) {
      boolean missing = quota.competitors() == Quota.Competitors.MISSING;
      keys.masked_fill_(missing ? mask : mask.logical_not(), scalar(Keys.NONE));
    }
    Tensor winners = winners(scores, mask, quota, grouping);
    Tensor line =
        bisect(
            full(grouping.groups(), Keys.NAN, scores.device()),
            full(grouping.groups(), Integer.MAX_VALUE, scores.device()),
            Integer.SIZE,
            middle -> count(keys.ge(middle.to(ScalarType.Int))).ge(winners));
    Tensor threshold = line.to(ScalarType.Int);
    Tensor above = keys.gt(threshold);
    Tensor tied = keys.eq(threshold);
    Tensor wanted = winners.sub(count(above));
    Tensor won = above.logical_or_(firstOf(tied, wanted, grouping, ties));
    return quota.competitors() == Quota.Competitors.MISSING && mask != null
        ? won.logical_or_(mask)
        : won;
  }

  /** The keys of {@link Keys}, int32. */
  private static Tensor keys(Tensor scores) {
    Tensor bits = scores.view(ScalarType.Int);
    Tensor magnitude = bits.bitwise_and(scalar(Integer.MAX_VALUE));
    Tensor negative = bits.lt(scalar(0));
    Tensor nan = magnitude.gt(scalar(Keys.INFINITY));
    return torch.where(negative, magnitude.neg(), magnitude).masked_fill_(nan, scalar(Keys.NAN));
  }

  /** How many win of each group: int64 [groups, 1]. */
  private static Tensor winners(
      Tensor scores, @Nullable Tensor mask, Quota quota, SelectionGroups grouping) {
    Device device = scores.device();
    if (mask == null) {
      return full(grouping.groups(), quota.winners().applyAsLong(0), device);
    }
    Tensor existing = count(mask);
    if (grouping.size() <= TABLE) {
      Tensor table = toDevice(quota.table((int) grouping.size()), device);
      return table.index_select(0, existing.view(-1)).view(-1, 1);
    }
    // Few groups: their counts, not their scores, visit the host, which counts in exact decimals.
    Tensor counts = existing.to(new Device("cpu"), ScalarType.Long);
    var perGroup = new long[Math.toIntExact(grouping.groups())];
    for (int group = 0; group < perGroup.length; group++) {
      perGroup[group] = quota.winners().applyAsLong(counts.get(group).item_long());
    }
    return toDevice(perGroup, device).view(-1, 1);
  }

  /** Of the tied scores of each group, as many as wanted, lower ranks first. */
  private static Tensor firstOf(
      Tensor tied, Tensor wanted, SelectionGroups grouping, TieBreak ties) {
    return switch (ties) {
      case TieBreak.LowerIndex _ -> tied.logical_and(tied.cumsum(1).le(wanted));
      case TieBreak.Random random -> {
        // The sign flipped: signed comparisons then order unsigned numbers.
        Tensor ranks =
            random
                .scores()
                .bits(indices(grouping, tied.device()))
                .bitwise_xor(scalar(Long.MIN_VALUE));
        Tensor line =
            bisect(
                full(grouping.groups(), Long.MIN_VALUE, tied.device()),
                full(grouping.groups(), Long.MAX_VALUE, tied.device()),
                Long.SIZE,
                middle -> count(tied.logical_and(ranks.lt(middle))).lt(wanted));
        yield tied.logical_and(ranks.le(line)).logical_and(wanted.gt(scalar(0)));
      }
    };
  }

  /** The index of every position, int64 [groups, size]. */
  private static Tensor indices(SelectionGroups grouping, Device device) {
    Tensor indices = RandomScores.range(0, grouping.groups() * grouping.size(), device);
    return grouping.pooled()
        ? indices.view(grouping.groups(), grouping.size())
        : grouping.arrange(indices.view(grouping.shape()));
  }

  /**
   * The largest value from {@code low} to {@code high} for which a condition holds that holds up to
   * some value and not beyond, for every group by itself.
   *
   * @param low int64 [groups, 1], overwritten; the condition holds for it
   * @param high int64 [groups, 1], overwritten
   * @param bits that the range is at most wide
   */
  private static Tensor bisect(Tensor low, Tensor high, int bits, UnaryOperator<Tensor> condition) {
    for (int bit = 0; bit < bits; bit++) {
      Tensors.inScope(
          () -> {
            // Half of the sum, rounded up, without overflow.
            Tensor half = low.bitwise_xor(high).bitwise_right_shift(scalar(1));
            Tensor middle = low.bitwise_or(high).sub(half);
            Tensor holds = condition.apply(middle);
            high.copy_(torch.where(holds, high, middle.sub(scalar(1)).maximum(low)));
            low.copy_(torch.where(holds, middle, low));
          });
    }
    return low;
  }

  private static Tensor count(Tensor flags) {
    return flags.sum(ALONG_GROUP, true, new ScalarTypeOptional(ScalarType.Long));
  }

  private static Tensor full(long groups, long value, Device device) {
    var options = new TensorOptions(ScalarType.Long).device(new DeviceOptional(device));
    return torch.full(new long[] {groups, 1}, new Scalar(value), options);
  }

  private static Tensor toDevice(long[] values, Device device) {
    return torch.tensor(values).to(device, ScalarType.Long);
  }

  private static Scalar scalar(long value) {
    return new Scalar(value);
  }
}
