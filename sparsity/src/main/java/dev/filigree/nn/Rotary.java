package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Rotary position embeddings (Su et al. 2021, <a
 * href="https://arxiv.org/abs/2104.09864">arXiv:2104.09864</a>, section 3.4.2) in the layout of
 * Hugging Face's models: component i of a head turns together with component i + size/2. Components
 * past the rotary size pass unturned.
 */
public final class Rotary {
  private final float[] frequencies;
  private Tensor cosines; // [positions, size]
  private Tensor sines; // [positions, size], negative for the first component of a pair

  /**
   * Makes the rotation; its table of angles grows with the sequences that it is applied to.
   *
   * @param frequencies radians a position, for each of the size/2 pairs of components
   */
  public Rotary(float[] frequencies) {
    this.frequencies = frequencies.clone();
    cosines = torch.empty(0, 2L * frequencies.length).retainReference();
    sines = torch.empty(0, 2L * frequencies.length).retainReference();
  }

  /**
   * Turns every head by the angles of its position.
   *
   * @param x [batch, heads, sequence, head_size]
   * @param start the position of the first element of the sequence
   * @return [batch, heads, sequence, head_size]
   */
  public Tensor apply(Tensor x, long start) {
    long sequence = x.size(2);
    long headSize = x.size(3);
    long half = frequencies.length;
    prepare(x, start + sequence);
    Tensor cos = cosines.narrow(0, start, sequence); // [sequence, size]
    Tensor sin = sines.narrow(0, start, sequence); // [sequence, size]
    if (2 * half == headSize) {
      return turn(x, half, cos, sin);
    }
    Tensor rest = x.narrow(3, 2 * half, headSize - 2 * half);
    return torch.cat(new TensorVector(turn(x.narrow(3, 0, 2 * half), half, cos, sin), rest), 3);
  }

  /** Few passes over memory, and few more in the backward pass. */
  private static Tensor turn(Tensor x, long half, Tensor cos, Tensor sin) {
    Tensor partners = x.roll(new long[] {half}, 3);
    return torch.addcmul(x.mul(cos), partners, sin);
  }

  /** Lengthens the tables and moves them to where x is; they outlive the scope of this step. */
  private void prepare(Tensor x, long positions) {
    if (cosines.size(0) < positions) {
      fill(Math.max(positions, 2 * cosines.size(0)));
    }
    if (!cosines.device().equals(x.device()) || Tensors.type(cosines) != Tensors.type(x)) {
      cosines = cosines.to(x.device(), x.scalar_type()).retainReference();
      sines = sines.to(x.device(), x.scalar_type()).retainReference();
    }
  }

  private void fill(long positions) {
    cosines = torch.empty(positions, 2L * frequencies.length).retainReference();
    sines = torch.empty(positions, 2L * frequencies.length).retainReference();
    MemorySegment cosine = Tensors.segment(cosines);
    MemorySegment sine = Tensors.segment(sines);
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
