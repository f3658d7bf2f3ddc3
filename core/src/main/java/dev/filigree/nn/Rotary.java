package dev.filigree.nn;

import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Rotary position embeddings (Su et al. 2021, <a
 * href="https://arxiv.org/abs/2104.09864">arXiv:2104.09864</a>, section 3.4.2) in the layout of
 * Hugging Face's models: component i of a head is rotated together with component i + size/2.
 * Components past the rotary size are unchanged. On a GPU it is one pass over memory, with angles
 * in float32.
 */
public final class Rotary {
  private final float[] frequencies;
  private Table table; // float32
  private Table converted; // the same for the type and device of the last input

  /**
   * The angles of all positions.
   *
   * @param cosines [positions, size]
   * @param sines [positions, size], negative for the first component of a pair
   */
  private record Table(Tensor cosines, Tensor sines) {
    static Table empty(long positions, long size) {
      return new Table(
          torch.empty(positions, size).retainReference(),
          torch.empty(positions, size).retainReference());
    }

    /** Outlives the scope of this step. */
    Table to(Device device, ScalarType type) {
      return new Table(
          cosines.to(device, type).retainReference(), sines.to(device, type).retainReference());
    }
  }

  /**
   * A rotation; its table of angles grows with the longest sequence it is applied to.
   *
   * @param frequencies radians per position, for each of the size/2 pairs of components
   */
  public Rotary(float[] frequencies) {
    this.frequencies = frequencies.clone();
    table = Table.empty(0, 2L * frequencies.length);
    converted = table;
  }

  /**
   * Rotates every head by the angles of its position.
   *
   * @param x [batch, heads, sequence, head_size]
   * @param start the position of the first element of the sequence
   * @return [batch, heads, sequence, head_size]
   */
  public Tensor apply(Tensor x, long start) {
    long sequence = x.size(2);
    if (isFused(x)) {
      prepare(x.device(), ScalarType.Float, start + sequence);
      Table angles = converted;
      return CustomFunction.apply(
          x, fused(x.detach(), angles, start, 1), dy -> fused(dy, angles, start, -1));
    }
    prepare(x.device(), Tensors.type(x), start + sequence);
    return plain(x, start, sequence);
  }

  private boolean isFused(Tensor x) {
    long headSize = x.size(3);
    return TransformerKernels.support(x, headSize)
        && frequencies.length % TransformerKernels.WIDTH == 0;
  }

  /** Rotates forward, or with direction −1 back, which is the gradient of the forward rotation. */
  private Tensor fused(Tensor x, Table angles, long start, int direction) {
    Tensor from = x.transpose(1, 2).contiguous(); // [batch, sequence, heads, head_size]
    Tensor to = torch.empty_like(from);
    long half = frequencies.length;
    long vectors = from.numel() / from.size(3) * ((from.size(3) - half) / TransformerKernels.WIDTH);
    TransformerKernels.launch(
        "rotary",
        vectors,
        from,
        from,
        angles.cosines,
        angles.sines,
        to,
        vectors,
        Math.toIntExact(from.size(1)),
        Math.toIntExact(from.size(2)),
        Math.toIntExact(from.size(3)),
        Math.toIntExact(half),
        Math.toIntExact(start),
        (float) direction);
    return to.transpose(1, 2);
  }

  private Tensor plain(Tensor x, long start, long sequence) {
    long headSize = x.size(3);
    long half = frequencies.length;
    Tensor cos = converted.cosines.narrow(0, start, sequence); // [sequence, size]
    Tensor sin = converted.sines.narrow(0, start, sequence); // [sequence, size]
    if (2 * half == headSize) {
      return turn(x, half, cos, sin);
    }
    Tensor rest = x.narrow(3, 2 * half, headSize - 2 * half);
    return torch.cat(new TensorVector(turn(x.narrow(3, 0, 2 * half), half, cos, sin), rest), 3);
  }

  /** Written so that both forward and backward take few passes over memory. */
  private static Tensor turn(Tensor x, long half, Tensor cos, Tensor sin) {
    Tensor partners = x.roll(new long[] {half}, 3);
    return torch.addcmul(x.mul(cos), partners, sin);
  }

  /**
   * Lengthens the table and converts it to a type and device, always from float32, so that rounding
   * errors do not add up from one conversion to the next.
   */
  private void prepare(Device device, ScalarType type, long positions) {
    boolean grown = table.cosines.size(0) < positions;
    if (grown) {
      fill(Math.max(positions, 2 * table.cosines.size(0)));
    }
    Tensor last = converted.cosines;
    if (grown || !last.device().equals(device) || Tensors.type(last) != type) {
      converted = table.to(device, type);
    }
  }

  private void fill(long positions) {
    table = Table.empty(positions, 2L * frequencies.length);
    MemorySegment cosine = Tensors.segment(table.cosines);
    MemorySegment sine = Tensors.segment(table.sines);
    int half = frequencies.length;
    for (long position = 0; position < positions; position++) {
      for (int pair = 0; pair < half; pair++) {
        // The angle is rounded to float32 as the reference implementations do.
        float angle = position * frequencies[pair];
        float cos = (float) Math.cos(angle);
        float sin = (float) Math.sin(angle);
        long first = 2L * half * position + pair;
        cosine.setAtIndex(ValueLayout.JAVA_FLOAT, first, cos);
        cosine.setAtIndex(ValueLayout.JAVA_FLOAT, first + half, cos);
        sine.setAtIndex(ValueLayout.JAVA_FLOAT, first, -sin);
        sine.setAtIndex(ValueLayout.JAVA_FLOAT, first + half, sin);
      }
    }
  }
}
