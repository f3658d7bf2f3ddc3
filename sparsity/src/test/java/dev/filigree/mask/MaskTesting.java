package dev.filigree.mask;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Tensors from literals and back. */
final class MaskTesting {
  private MaskTesting() {}

  static Tensor scores(long[] shape, float... values) {
    return torch.tensor(values).reshape(shape);
  }

  /** A mask from the indices of the weights that exist. */
  static Tensor mask(long[] shape, long... kept) {
    Tensor mask = torch.zeros(shape).to(ScalarType.Bool);
    for (long index : kept) {
      Tensors.segment(mask).set(ValueLayout.JAVA_BYTE, index, (byte) 1);
    }
    return mask;
  }

  /** The indices of the weights that exist. */
  static long[] kept(Tensor mask) {
    byte[] flags = Tensors.segment(mask.contiguous()).toArray(ValueLayout.JAVA_BYTE);
    return IntStream.range(0, flags.length).filter(i -> flags[i] != 0).asLongStream().toArray();
  }

  static long[] longs(JsonNode array) {
    var values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asLong();
    }
    return values;
  }

  static float[] floats(JsonNode array) {
    var values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(array.get(i).asText());
    }
    return values;
  }
}
