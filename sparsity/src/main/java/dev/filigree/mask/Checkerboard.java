package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The checkerboard pattern over a weight seen as rows [out, the rest].
 *
 * <p>Along the first row the number of weights kept up to column j is floor(j·density): the pattern
 * moves on where that number does. Row i is the first row, made a little longer than the weight,
 * rolled left by i times the whole distance between two kept weights.
 */
final class Checkerboard {
  /** Keeps the floor of a product that is an integer but for rounding from falling below it. */
  private static final double ROUNDING = 1e-5;

  private static final int LONGEST = 1 << 30; // twice it is still an int

  private Checkerboard() {}

  /** A mask of the weight's shape on its device. */
  static Tensor mask(Tensor weight, double sparsity) {
    return Tensors.scoped(
        () -> {
          long[] shape = Tensors.shape(weight);
          Tensor mask = torch.zeros(shape).to(ScalarType.Bool);
          if (sparsity < 1 && mask.numel() > 0) {
            int columns = Math.toIntExact(shape.length < 2 ? mask.numel() : Shapes.row(shape));
            // The density of the reference is a float32, which shows in the length of the period.
            fill(mask.view(-1), columns, 1f - (float) sparsity);
          }
          return mask.to(weight.device(), ScalarType.Bool);
        });
  }

  private static void fill(Tensor mask, int columns, double density) {
    boolean[] period = firstRow(columns, density);
    int shift = (int) Math.floor(1 / density - ROUNDING);
    MemorySegment flags = Tensors.segment(mask);
    var row = new byte[columns];
    for (long i = 0; i * columns < flags.byteSize(); i++) {
      int start = (int) (i * shift % period.length);
      for (int j = 0; j < columns; j++) {
        row[j] = (byte) (period[(start + j) % period.length] ? 1 : 0);
      }
      MemorySegment.copy(row, 0, flags, ValueLayout.JAVA_BYTE, i * columns, columns);
    }
  }

  private static boolean[] firstRow(int columns, double density) {
    double period = columns - 1 + Math.ceil(columns / density + ROUNDING);
    if (period > LONGEST) {
      throw new IllegalArgumentException(
          "a checkerboard of %d columns at density %s would repeat after %.0f; at most %d are made"
              .formatted(columns, density, period, LONGEST));
    }
    var kept = new boolean[(int) period];
    for (int j = 0; j < kept.length; j++) {
      kept[j] = Math.floor((j + 1) * density + ROUNDING) != Math.floor(j * density + ROUNDING);
    }
    return kept;
  }
}
