package dev.filigree.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernels on a GPU against loops, without libtorch: small enough for compute-sanitizer. */
@Tag("cuda")
class KernelsTest {
  private static final int TILE = 4096;

  @TempDir private static Path folder;
  private CudaKernels kernels;

  @BeforeEach
  void findGpu() {
    Assumptions.assumeTrue(
        CudaDevice.obstacle().isEmpty() && Nvrtc.find().isPresent(),
        "no GPU: " + CudaDevice.obstacle().orElse("NVRTC is not installed"));
    kernels = CudaKernels.of(0, folder);
  }

  private Kernel kernel(String source, String name, String... macros) {
    KernelSource compiled = KernelSource.of(CudaKernels.class, source);
    for (int i = 0; i < macros.length; i += 2) {
      compiled = compiled.with(macros[i], macros[i + 1]);
    }
    return kernels.kernel(compiled, name);
  }

  /** A sparse matrix [rows, columns] with whole numbers. */
  private static final class Matrix {
    private final float[] dense;
    private final int[] positions;
    private final float[] values;

    private Matrix(float[] dense, int[] positions, float[] values) {
      this.dense = dense;
      this.positions = positions;
      this.values = values;
    }

    static Matrix random(Random random, int rows, int columns, double density) {
      var dense = new float[rows * columns];
      for (int i = 0; i < dense.length; i++) {
        if (random.nextDouble() < density) {
          dense[i] = 1 + random.nextInt(4);
        }
      }
      int[] positions = IntStream.range(0, dense.length).filter(i -> dense[i] != 0).toArray();
      var values = new float[positions.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = dense[positions[i]];
      }
      return new Matrix(dense, positions, values);
    }

    /** How many positions lie before each multiple of a number. */
    int[] starts(int step) {
      int count = Math.ceilDiv(dense.length, step) + 1;
      return IntStream.range(0, count)
          .map(i -> (int) Arrays.stream(positions).filter(p -> p < (long) i * step).count())
          .toArray();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 5, 0.5", "64, 64, 0", "37, 333, 0.1", "64, 128, 1", "90, 91, 0.02"})
  void aWeightIsExpandedGatheredAndMarked(int rows, int columns, double density) {
    Matrix matrix = Matrix.random(new Random(1), rows, columns, density);
    int size = rows * columns;
    int kept = matrix.positions.length;
    long positions = DeviceMemory.of(matrix.positions);
    long dense = DeviceMemory.of(new float[size]);
    kernel("sparse.cu", "expand", "SCALAR", "float")
        .launch(
            Grid.of(Math.ceilDiv(size, TILE), 256),
            0,
            DeviceMemory.of(matrix.values),
            positions,
            DeviceMemory.of(matrix.starts(TILE)),
            (long) size,
            dense);
    assertThat(DeviceMemory.floats(dense, size)).isEqualTo(matrix.dense);

    long gathered = DeviceMemory.of(new float[kept]);
    kernel("sparse.cu", "gather", "SCALAR", "float")
        .launch(Grid.covering(kept, 256), 0, dense, positions, kept, gathered);
    assertThat(DeviceMemory.floats(gathered, kept)).isEqualTo(matrix.values);

    long mask = DeviceMemory.of(new byte[size]);
    kernel("sparse.cu", "mark", "SCALAR", "float")
        .launch(Grid.covering(kept, 256), 0, positions, kept, mask);
    byte[] marked = DeviceMemory.bytes(mask, size);
    for (int i = 0; i < size; i++) {
      assertThat(marked[i] == 1).isEqualTo(matrix.dense[i] != 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1, 1", "9, 20, 36, 0.3", "33, 70, 45, 0.1", "20, 300, 260, 0.02"})
  void gradientsAtPositionsAreThoseOfLoops(int tokens, int rows, int columns, double density) {
    var random = new Random(3);
    Matrix matrix = Matrix.random(random, rows, columns, density);
    float[] x = wholeNumbers(random, tokens * columns);
    float[] dy = wholeNumbers(random, tokens * rows);
    int kept = matrix.positions.length;
    int blocks = Math.min(2, Math.ceilDiv(tokens, 8));
    long sums = DeviceMemory.of(new float[blocks * kept]);
    int shared = (rows + columns) * 8 * Float.BYTES;
    kernel("sampled.cu", "sample_gradient", "SCALAR", "float")
        .launch(
            Grid.of(blocks, 512).withShared(shared),
            0,
            DeviceMemory.of(dy),
            DeviceMemory.of(x),
            DeviceMemory.of(matrix.positions),
            kept,
            (long) tokens,
            rows,
            columns,
            sums);
    float[] found = DeviceMemory.floats(sums, blocks * kept);
    for (int k = 0; k < kept; k++) {
      int p = matrix.positions[k];
      float expected = 0;
      for (int t = 0; t < tokens; t++) {
        expected += dy[t * rows + p / columns] * x[t * columns + p % columns];
      }
      float sum = 0;
      for (int block = 0; block < blocks; block++) {
        sum += found[block * kept + k];
      }
      assertThat(sum).isCloseTo(expected, within(0f));
    }
  }

  @ParameterizedTest
  @CsvSource({"7, 3", "1000, 1", "1000, 999", "5000, 1234"})
  void theLargestScoresAreSelectedAndLowerIndicesOfEqualOnes(int size, int winners) {
    var random = new Random(4);
    var scores = new float[size];
    for (int i = 0; i < size; i++) {
      scores[i] = random.nextInt(6) == 0 ? Float.NaN : random.nextInt(9) - 4;
    }
    long onDevice = DeviceMemory.of(scores);
    long state = DeviceMemory.of(new byte[2048]);
    long selected = DeviceMemory.of(new byte[size]);
    long n = size;
    kernel("select.cu", "begin").launch(Grid.of(1, 1), 0, (long) winners, 0, 0L, state);
    for (int shift = 24; shift >= 0; shift -= 8) {
      kernel("select.cu", "count_keys")
          .launch(Grid.of(3, 512), 0, onDevice, 0L, 1, n, shift, state);
      kernel("select.cu", "choose_key").launch(Grid.of(1, 256), 0, shift, state);
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
      kernel("select.cu", "count_ranks")
          .launch(Grid.of(3, 512), 0, onDevice, 0L, 1, n, shift, state);
      kernel("select.cu", "choose_rank").launch(Grid.of(1, 256), 0, shift, state);
    }
    kernel("select.cu", "select_flags")
        .launch(Grid.covering(size, 512), 0, onDevice, 0L, 1, 0, n, state, selected);
    byte[] flags = DeviceMemory.bytes(selected, size);
    int[] expected =
        IntStream.range(0, size)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingDouble(
                        i -> Float.isNaN(scores[i]) ? Double.MAX_VALUE : -scores[i])
                    .thenComparing(i -> i))
            .limit(winners)
            .mapToInt(i -> i)
            .sorted()
            .toArray();
    assertThat(IntStream.range(0, size).filter(i -> flags[i] != 0).toArray()).isEqualTo(expected);
  }

  @Test
  void aLaunchThatTheCardRefusesSaysSo() {
    Kernel kernel = kernel("select.cu", "choose_key");
    assertThatThrownBy(() -> kernel.launch(Grid.of(1, 256).withShared(1 << 24), 0, 0, 0L))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("launch of choose_key")
        .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
  }

  private static float[] wholeNumbers(Random random, int count) {
    var numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = random.nextInt(9) - 4;
    }
    return numbers;
  }
}
