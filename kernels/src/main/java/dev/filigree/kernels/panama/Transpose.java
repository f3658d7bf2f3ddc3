package dev.filigree.kernels.panama;

import static dev.filigree.kernels.loops.Memory.ADDRESS;
import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.panama.Species.LANES;
import static dev.filigree.kernels.panama.Species.OF_4;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposition between row-major matrices and tiles, in squares of 8 × 8 (4 × 4 where vectors have
 * four lanes). Each level of the butterfly network swaps lanes between pairs of rows: one blend
 * gathers them, one rearrangement crosses them over, and two blends distribute them.
 */
final class Transpose {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Float> OF_8 = FloatVector.SPECIES_256;
  private static final int SQUARE = Math.min(8, LANES);
  private static final VectorMask<Float> LANES_WITH_4_OF_8 = Species.lanesWith(OF_8, 4);
  private static final VectorShuffle<Float> BY_4_OF_8 = Species.exchange(OF_8, 4);
  private static final VectorMask<Float> LANES_WITH_2_OF_8 = Species.lanesWith(OF_8, 2);
  private static final VectorShuffle<Float> BY_2_OF_8 = Species.exchange(OF_8, 2);
  private static final VectorMask<Float> LANES_WITH_1_OF_8 = Species.lanesWith(OF_8, 1);
  private static final VectorShuffle<Float> BY_1_OF_8 = Species.exchange(OF_8, 1);
  private static final VectorMask<Float> LANES_WITH_2_OF_4 = Species.lanesWith(OF_4, 2);
  private static final VectorShuffle<Float> BY_2_OF_4 = Species.exchange(OF_4, 2);
  private static final VectorMask<Float> LANES_WITH_1_OF_4 = Species.lanesWith(OF_4, 1);
  private static final VectorShuffle<Float> BY_1_OF_4 = Species.exchange(OF_4, 1);

  /** A mask that no stride in bytes exceeds. */
  private static final long STRIDE = 0xfff_ffff_ffffL;

  private Transpose() {}

  static void pack(long source, int stride, int tokens, int features, long tile, int width) {
    int wholeTokens = tokens - tokens % SQUARE;
    int wholeFeatures = features - features % SQUARE;
    for (int token = 0; token < wholeTokens; token += SQUARE) {
      long from = source + 4L * token * stride;
      long to = tile + 4L * token;
      squares(from, 4L * stride, 4L, to, 4L * width, 4L * width, wholeFeatures);
      copy(source, stride, token, token + SQUARE, wholeFeatures, features, tile, width);
    }
    copy(source, stride, wholeTokens, tokens, 0, features, tile, width);
    for (int feature = 0; tokens < width && feature < features; feature++) {
      long start = tile + 4L * ((long) feature * width + tokens);
      ALL.asSlice(start, 4L * (width - tokens)).fill((byte) 0);
    }
  }

  static void unpack(long tile, int width, int features, int tokens, long target, int stride) {
    int wholeTokens = tokens - tokens % SQUARE;
    int wholeFeatures = features - features % SQUARE;
    for (int token = 0; token < wholeTokens; token += SQUARE) {
      long from = tile + 4L * token;
      long to = target + 4L * token * stride;
      squares(from, 4L * width, 4L * width, to, 4L * stride, 4L, wholeFeatures);
    }
    for (int token = 0; token < tokens; token++) {
      for (int f = token < wholeTokens ? wholeFeatures : 0; f < features; f++) {
        float value = ALL.get(FLOAT, tile + 4L * ((long) f * width + token));
        ALL.set(FLOAT, target + 4L * ((long) token * stride + f), value);
      }
    }
  }

  private static void copy(
      long source,
      int stride,
      int firstToken,
      int lastToken,
      int firstFeature,
      int lastFeature,
      long tile,
      int width) {
    for (int feature = firstFeature; feature < lastFeature; feature++) {
      for (int token = firstToken; token < lastToken; token++) {
        float value = ALL.get(FLOAT, source + 4L * ((long) token * stride + feature));
        ALL.set(FLOAT, tile + 4L * ((long) feature * width + token), value);
      }
    }
  }

  /**
   * Transposes squares side by side: {@code count / SQUARE} of them, read {@code advance} bytes a
   * feature apart and written {@code proceed} bytes a feature apart.
   */
  private static void squares(
      long from, long stride, long advance, long to, long step, long proceed, int count) {
    for (int feature = 0; feature < count; feature += SQUARE) {
      if (SQUARE == 8) {
        eight(from + feature * advance, stride, to + feature * proceed, step);
      } else {
        four(from + feature * advance, stride, to + feature * proceed, step);
      }
    }
  }

  private static void eight(long from, long stride, long to, long step) {
    from &= ADDRESS;
    to &= ADDRESS;
    stride &= STRIDE;
    step &= STRIDE;
    FloatVector v0 = FloatVector.fromMemorySegment(OF_8, ALL, from, ORDER);
    FloatVector v1 = FloatVector.fromMemorySegment(OF_8, ALL, from + stride, ORDER);
    FloatVector v2 = FloatVector.fromMemorySegment(OF_8, ALL, from + 2 * stride, ORDER);
    FloatVector v3 = FloatVector.fromMemorySegment(OF_8, ALL, from + 3 * stride, ORDER);
    FloatVector v4 = FloatVector.fromMemorySegment(OF_8, ALL, from + 4 * stride, ORDER);
    FloatVector v5 = FloatVector.fromMemorySegment(OF_8, ALL, from + 5 * stride, ORDER);
    FloatVector v6 = FloatVector.fromMemorySegment(OF_8, ALL, from + 6 * stride, ORDER);
    FloatVector v7 = FloatVector.fromMemorySegment(OF_8, ALL, from + 7 * stride, ORDER);
    FloatVector m = v4.blend(v0, LANES_WITH_4_OF_8).rearrange(BY_4_OF_8);
    v0 = v0.blend(m, LANES_WITH_4_OF_8);
    v4 = m.blend(v4, LANES_WITH_4_OF_8);
    m = v5.blend(v1, LANES_WITH_4_OF_8).rearrange(BY_4_OF_8);
    v1 = v1.blend(m, LANES_WITH_4_OF_8);
    v5 = m.blend(v5, LANES_WITH_4_OF_8);
    m = v6.blend(v2, LANES_WITH_4_OF_8).rearrange(BY_4_OF_8);
    v2 = v2.blend(m, LANES_WITH_4_OF_8);
    v6 = m.blend(v6, LANES_WITH_4_OF_8);
    m = v7.blend(v3, LANES_WITH_4_OF_8).rearrange(BY_4_OF_8);
    v3 = v3.blend(m, LANES_WITH_4_OF_8);
    v7 = m.blend(v7, LANES_WITH_4_OF_8);
    m = v2.blend(v0, LANES_WITH_2_OF_8).rearrange(BY_2_OF_8);
    v0 = v0.blend(m, LANES_WITH_2_OF_8);
    v2 = m.blend(v2, LANES_WITH_2_OF_8);
    m = v3.blend(v1, LANES_WITH_2_OF_8).rearrange(BY_2_OF_8);
    v1 = v1.blend(m, LANES_WITH_2_OF_8);
    v3 = m.blend(v3, LANES_WITH_2_OF_8);
    m = v6.blend(v4, LANES_WITH_2_OF_8).rearrange(BY_2_OF_8);
    v4 = v4.blend(m, LANES_WITH_2_OF_8);
    v6 = m.blend(v6, LANES_WITH_2_OF_8);
    m = v7.blend(v5, LANES_WITH_2_OF_8).rearrange(BY_2_OF_8);
    v5 = v5.blend(m, LANES_WITH_2_OF_8);
    v7 = m.blend(v7, LANES_WITH_2_OF_8);
    m = v1.blend(v0, LANES_WITH_1_OF_8).rearrange(BY_1_OF_8);
    v0 = v0.blend(m, LANES_WITH_1_OF_8);
    v1 = m.blend(v1, LANES_WITH_1_OF_8);
    m = v3.blend(v2, LANES_WITH_1_OF_8).rearrange(BY_1_OF_8);
    v2 = v2.blend(m, LANES_WITH_1_OF_8);
    v3 = m.blend(v3, LANES_WITH_1_OF_8);
    m = v5.blend(v4, LANES_WITH_1_OF_8).rearrange(BY_1_OF_8);
    v4 = v4.blend(m, LANES_WITH_1_OF_8);
    v5 = m.blend(v5, LANES_WITH_1_OF_8);
    m = v7.blend(v6, LANES_WITH_1_OF_8).rearrange(BY_1_OF_8);
    v6 = v6.blend(m, LANES_WITH_1_OF_8);
    v7 = m.blend(v7, LANES_WITH_1_OF_8);
    v0.intoMemorySegment(ALL, to, ORDER);
    v1.intoMemorySegment(ALL, to + step, ORDER);
    v2.intoMemorySegment(ALL, to + 2 * step, ORDER);
    v3.intoMemorySegment(ALL, to + 3 * step, ORDER);
    v4.intoMemorySegment(ALL, to + 4 * step, ORDER);
    v5.intoMemorySegment(ALL, to + 5 * step, ORDER);
    v6.intoMemorySegment(ALL, to + 6 * step, ORDER);
    v7.intoMemorySegment(ALL, to + 7 * step, ORDER);
  }

  private static void four(long from, long stride, long to, long step) {
    from &= ADDRESS;
    to &= ADDRESS;
    stride &= STRIDE;
    step &= STRIDE;
    FloatVector v0 = FloatVector.fromMemorySegment(OF_4, ALL, from, ORDER);
    FloatVector v1 = FloatVector.fromMemorySegment(OF_4, ALL, from + stride, ORDER);
    FloatVector v2 = FloatVector.fromMemorySegment(OF_4, ALL, from + 2 * stride, ORDER);
    FloatVector v3 = FloatVector.fromMemorySegment(OF_4, ALL, from + 3 * stride, ORDER);
    FloatVector m = v2.blend(v0, LANES_WITH_2_OF_4).rearrange(BY_2_OF_4);
    v0 = v0.blend(m, LANES_WITH_2_OF_4);
    v2 = m.blend(v2, LANES_WITH_2_OF_4);
    m = v3.blend(v1, LANES_WITH_2_OF_4).rearrange(BY_2_OF_4);
    v1 = v1.blend(m, LANES_WITH_2_OF_4);
    v3 = m.blend(v3, LANES_WITH_2_OF_4);
    m = v1.blend(v0, LANES_WITH_1_OF_4).rearrange(BY_1_OF_4);
    v0 = v0.blend(m, LANES_WITH_1_OF_4);
    v1 = m.blend(v1, LANES_WITH_1_OF_4);
    m = v3.blend(v2, LANES_WITH_1_OF_4).rearrange(BY_1_OF_4);
    v2 = v2.blend(m, LANES_WITH_1_OF_4);
    v3 = m.blend(v3, LANES_WITH_1_OF_4);
    v0.intoMemorySegment(ALL, to, ORDER);
    v1.intoMemorySegment(ALL, to + step, ORDER);
    v2.intoMemorySegment(ALL, to + 2 * step, ORDER);
    v3.intoMemorySegment(ALL, to + 3 * step, ORDER);
  }
}
