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
  private Tensor cosines; // [positions, size / 2]
  private Tensor sines; // [positions, size / 2]

  /**
   * Makes the rotation; its table of angles grows with the sequences that it is applied to.
   *
   * @param frequencies radians a position, for each of the size/2 pairs of components
   */
  public Rotary(float[] frequencies) {
    this.frequencies = frequencies.clone();
    cosines = torch.empty(0, frequencies.length).retainReference();
    sines = torch.empty(0, frequencies.length).retainReference();
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
    Tensor cos = cosines.narrow(0, start, sequence); // [sequence, size / 2]
    Tensor sin = sines.narrow(0, start, sequence); // [sequence, size / 2]
    Tensor first = x.narrow(3, 0, half);
    Tensor second = x.narrow(3, half, half);
    var parts =
        new TensorVector(first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin)));
    if (2 * half < headSize) {
      parts.push_back(x.narrow(3, 2 * half, headSize - 2 * half));
    }
    return torch.cat(parts, 3);
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
    cosines = torch.empty(positions, frequencies.length).retainReference();
    sines = torch.empty(positions, frequencies.length).retainReference();
    MemorySegment cosine = Tensors.segment(cosines);
    MemorySegment sine = Tensors.segment(sines);
    for (long position = 0, i = 0; position < positions; position++) {
      for (int pair = 0; pair < frequencies.length; pair++, i++) {
        // The angle is rounded to float32 as the reference implementations do.
        float angle = position * frequencies[pair];
        cosine.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.cos(angle));
        sine.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.sin(angle));
      }
    }
  }
}
