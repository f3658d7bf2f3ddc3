package dev.filigree.zoo.report;

import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The masks that a run keeps for its report: one black and white PNG each, a pixel a weight, under
 * {@code pictures/masks/PARAMETER/step-000100.png}. Save those of {@link #chosen} before the first
 * step and after the last; {@link RunReport} shows the first, the last and what changed between.
 */
public final class MaskPictures {
  private static final String STEP_PREFIX = "step-";

  private MaskPictures() {}

  /** The few parameters whose masks are worth a picture: the first, the middle and the last. */
  public static List<String> chosen(List<String> sparseParameters) {
    int n = sparseParameters.size();
    return n <= 3
        ? List.copyOf(sparseParameters)
        : List.of(
            sparseParameters.getFirst(), sparseParameters.get(n / 2), sparseParameters.getLast());
  }

  /**
   * Saves a mask; an older one of the same step is replaced.
   *
   * @param mask bool, [out_features, in_features]; with more dimensions, all but the first count as
   *     columns
   */
  public static void save(Path runDir, String parameter, long step, Tensor mask)
      throws IOException {
    Path directory = directory(runDir).resolve(parameter);
    Files.createDirectories(directory);
    toBitmap(mask).write(directory.resolve(STEP_PREFIX + "%06d.png".formatted(step)));
  }

  /** A saved mask: the step it was taken at, and its file. */
  record Saved(long step, Path file) {}

  /** The names of the parameters that have saved masks, in alphabetical order. */
  static List<String> parameters(Path runDir) throws IOException {
    Path directory = directory(runDir);
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(Files::isDirectory)
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** The saved masks of a parameter, by step. */
  static List<Saved> saved(Path runDir, String parameter) throws IOException {
    try (Stream<Path> entries = Files.list(directory(runDir).resolve(parameter))) {
      return entries
          .filter(entry -> entry.getFileName().toString().matches(STEP_PREFIX + "\\d{1,18}\\.png"))
          .map(entry -> new Saved(step(entry), entry))
          .sorted(java.util.Comparator.comparingLong(Saved::step))
          .toList();
    }
  }

  private static long step(Path file) {
    String name = file.getFileName().toString();
    return Long.parseLong(name, STEP_PREFIX.length(), name.lastIndexOf('.'), 10);
  }

  private static Path directory(Path runDir) {
    return runDir.resolve("pictures").resolve("masks");
  }

  private static MaskBitmap toBitmap(Tensor mask) {
    if (Tensors.type(mask) != ScalarType.Bool || mask.dim() < 1) {
      throw new IllegalArgumentException("a mask is a bool tensor of one or more dimensions");
    }
    try (PointerScope _ = new PointerScope()) {
      Tensor host = mask.cpu().contiguous();
      MemorySegment bytes = Tensors.segment(host);
      int rows = Math.toIntExact(host.size(0));
      int columns = rows == 0 ? 0 : Math.toIntExact(host.numel() / rows);
      var bitmap = new MaskBitmap(rows, columns);
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          if (bytes.get(ValueLayout.JAVA_BYTE, (long) row * columns + column) != 0) {
            bitmap.set(row, column);
          }
        }
      }
      return bitmap;
    }
  }
}
