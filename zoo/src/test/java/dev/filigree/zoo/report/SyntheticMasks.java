package dev.filigree.zoo.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A mask before and after, where the later one prefers some columns, as gradients do. */
final class SyntheticMasks {
  private SyntheticMasks() {}

  static void save(Path runDir, String parameter, int rows, int columns, long lastStep, long seed)
      throws IOException {
    var random = new Random(seed);
    var before = new boolean[rows * columns];
    var after = new boolean[rows * columns];
    for (int i = 0; i < before.length; i++) {
      before[i] = random.nextDouble() < 0.2;
      double preference =
          0.16 * (1 + Math.cos(i % columns * 0.05)) + (i / columns % 40 < 4 ? 0.2 : 0);
      boolean moved = random.nextDouble() < 0.5;
      after[i] = moved ? random.nextDouble() < preference : before[i];
    }
    MaskPictures.save(runDir, parameter, 0, tensor(before, rows, columns));
    MaskPictures.save(runDir, parameter, lastStep, tensor(after, rows, columns));
  }

  static Tensor tensor(boolean[] kept, int rows, int columns) {
    var bytes = new byte[kept.length];
    for (int i = 0; i < kept.length; i++) {
      bytes[i] = (byte) (kept[i] ? 1 : 0);
    }
    return torch.tensor(bytes).reshape(rows, columns).to(ScalarType.Bool);
  }
}
