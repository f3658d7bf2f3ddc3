package dev.filigree.mask;

import dev.filigree.io.Hashing;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Random numbers in [0, 1), one for every weight of a parameter at a step, each computed from its
 * index alone. Blocks, threads, devices, replicas and resumed runs all draw the same.
 *
 * <p>The generator is SplitMix64 read at a position (Steele, Lea and Flood 2014, with the mixing
 * constants of Stafford's variant 13). Its 64 bits are a bijection of the index, so that they also
 * serve as ranks without ties. A score has 24 bits and is always float32, whatever the weight's
 * type: bfloat16 would leave 256 different scores and the mask a matter of ties.
 */
public final class RandomScores {
  /** The step that initial masks are drawn at: before every update, the one at step 0 too. */
  public static final long BEFORE_TRAINING = -1;

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final long MIX_1 = 0xBF58476D1CE4E5B9L;
  private static final long MIX_2 = 0x94D049BB133111EBL;
  private static final int SCORE_BITS = 24;
  private static final float SCORE_UNIT = 0x1p-24f;
  private static final int BLOCK = 4096;
  private static final int DEVICE_BLOCK = 1 << 24;

  private final long key;

  private RandomScores(long key) {
    this.key = key;
  }

  /**
   * The generator of a parameter at a step.
   *
   * @param seed the run's seed
   * @param parameterName the full name: parameters of one model draw different numbers
   * @param step optimizer steps finished, or {@link #BEFORE_TRAINING}
   */
  public static RandomScores of(long seed, String parameterName, long step) {
    long key = Hashing.mix(Hashing.mix(seed) ^ Hashing.fnv1a(parameterName));
    return new RandomScores(Hashing.mix(key ^ step));
  }

  /** A second generator for the same parameter and step, whose numbers say nothing about these. */
  public RandomScores other() {
    return new RandomScores(Hashing.mix(key));
  }

  /** The score of the weight at an index of the flattened tensor: k/2²⁴, in [0, 1). */
  public float at(long index) {
    return (bits(index) >>> (64 - SCORE_BITS)) * SCORE_UNIT;
  }

  /** What tells this generator from others: {@link #bits} is a function of it and the index. */
  long key() {
    return key;
  }

  /** The 64 bits behind the score at an index; no two indices share them. */
  public long bits(long index) {
    return Hashing.mix(key + index * GOLDEN_GAMMA);
  }

  /**
   * Writes the scores of consecutive weights.
   *
   * @param firstIndex index of the first
   * @param scores float32 in native byte order; filled whole
   */
  public void fill(long firstIndex, MemorySegment scores) {
    long count = scores.byteSize() / Float.BYTES;
    var block = new float[(int) Math.min(BLOCK, count)];
    for (long done = 0; done < count; done += block.length) {
      int length = (int) Math.min(block.length, count - done);
      fill(firstIndex + done, block, length);
      MemorySegment.copy(
          block, 0, scores, ValueLayout.JAVA_FLOAT_UNALIGNED, done * Float.BYTES, length);
    }
  }

  private void fill(long firstIndex, float[] block, int length) {
    for (int i = 0; i < length; i++) {
      block[i] = at(firstIndex + i);
    }
  }

  /** The scores of a whole parameter: float32 of this shape, on this device. */
  public Tensor tensor(Device device, long... shape) {
    return Tensors.scoped(
        () -> {
          var options = new TensorOptions(ScalarType.Float).device(new DeviceOptional(device));
          Tensor scores = torch.empty(shape, options, null);
          if (device.is_cpu()) {
            MemorySegment segment = Tensors.segment(scores);
            ParallelRanges.forEach(
                scores.numel(),
                (from, count) ->
                    fill(from, segment.asSlice(from * Float.BYTES, count * Float.BYTES)));
          } else {
            draw(scores.view(-1));
          }
          return scores;
        });
  }

  /** Fills a float32 vector on any device by tensor operations. */
  void draw(Tensor scores) {
    Device device = scores.device();
    long size = scores.numel();
    for (long from = 0; from < size; from += DEVICE_BLOCK) {
      long first = from;
      long length = Math.min(DEVICE_BLOCK, size - from);
      Tensors.inScope(
          () -> {
            Tensor block =
                logicalShift(bits(range(first, length, device)), 64 - SCORE_BITS)
                    .to(ScalarType.Float)
                    .mul(new Scalar(SCORE_UNIT));
            scores.narrow(0, first, length).copy_(block);
          });
    }
  }

  /** {@link #bits(long)} of every element of an int64 tensor, on its device. */
  Tensor bits(Tensor indices) {
    Tensor z = indices.add(new Scalar(1L)).mul(new Scalar(GOLDEN_GAMMA)).add(new Scalar(key));
    z = z.bitwise_xor(logicalShift(z, 30)).mul(new Scalar(MIX_1));
    z = z.bitwise_xor(logicalShift(z, 27)).mul(new Scalar(MIX_2));
    return z.bitwise_xor(logicalShift(z, 31));
  }

  static Tensor range(long from, long length, Device device) {
    var options = new TensorOptions(ScalarType.Long).device(new DeviceOptional(device));
    return torch.arange(new Scalar(from), new Scalar(from + length), options);
  }

  private static Tensor logicalShift(Tensor z, int bits) {
    // ATen shifts in the sign; the mask takes it out again.
    return z.bitwise_right_shift(new Scalar((long) bits)).bitwise_and(new Scalar(-1L >>> bits));
  }
}
