package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The three products against a dense oracle in double precision. */
@Tag("loops")
class ProductsTest {
  private static final String EXPECTED = System.getProperty("filigree.test.provider", "");

  @BeforeAll
  static void skipWidthsThatTheCpuLacks() {
    boolean wider =
        EXPECTED.startsWith("panama-")
            && SparseKernels.obstacles().stream().anyMatch(reason -> reason.contains("wider"));
    Assumptions.assumeFalse(wider, () -> EXPECTED + " needs wider vectors than this CPU has");
  }

  @Test
  void theProviderThatThisJvmWasStartedForIsTheOneThatRuns() {
    try (var kernels = SparseKernels.withThreads(1)) {
      assertThat(kernels.provider()).startsWith(EXPECTED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "1, 7, 5",
    "3, 1, 9",
    "2, 300, 1",
    "31, 64, 64",
    "32, 65, 63",
    "33, 5, 513",
    "7, 600, 70",
    "8, 1030, 300",
    "9, 600, 70",
    "128, 128, 256",
    "129, 513, 257",
    "160, 64, 300",
    "161, 200, 17",
    "300, 1100, 40"
  })
  void productsOfAwkwardSizesMatchTheDenseOnes(int tokens, int in, int out) {
    for (int seed = 0; seed < 6; seed++) {
      check(tokens, in, out, 100 + seed);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void productsOfRandomSizesMatchTheDenseOnes(long seed) {
    var random = new Random(seed);
    check(1 + random.nextInt(280), 1 + random.nextInt(400), 1 + random.nextInt(400), seed);
  }

  @Test
  void noTokensGiveNoRowsAndZeroGradients() {
    try (var arena = Arena.ofConfined();
        var kernels = SparseKernels.withThreads(2)) {
      var weight = SparseMatrix.ofPositions(3, 2, new int[] {0, 3});
      MemorySegment none = RandomMatrices.floats(arena, 0);
      MemorySegment values = RandomMatrices.gaussian(arena, 2, new Random(1));
      MemorySegment gradient = RandomMatrices.floats(arena, 2);
      try (PackedTokens x = kernels.pack(none, 0, 2);
          PackedTokens dy = kernels.pack(none, 0, 3)) {
        kernels.forward(weight, values, x, null, none);
        kernels.inputGradient(weight, values, dy, none);
        kernels.weightGradient(weight, dy, x, gradient);
      }
      assertThat(numbers(gradient)).containsExactly(0f, 0f);
    }
  }

  @Test
  void resultsAreTheSameToTheBitForAnyNumberOfThreads() {
    float[][] one = run(1, 300, 700, 600, 7);
    for (int threads : new int[] {2, 3, 5}) {
      assertThat(run(threads, 300, 700, 600, 7)).isDeepEqualTo(one);
    }
  }

  /** y, dx and the gradient. */
  private static float[][] run(int threads, int tokens, int in, int out, long seed) {
    var random = new Random(seed);
    try (var arena = Arena.ofShared();
        var kernels = SparseKernels.withThreads(threads)) {
      var mask = new BitSet();
      for (int i = 0; i < in * out; i++) {
        mask.set(i, random.nextInt(5) == 0);
      }
      var weight = SparseMatrix.ofMask(out, in, mask);
      Products got = products(kernels, arena, weight, tokens, null, random);
      return new float[][] {numbers(got.y), numbers(got.dx), numbers(got.gradient)};
    }
  }

  private record Products(
      MemorySegment values,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment y,
      MemorySegment dx,
      MemorySegment gradient) {}

  private static Products products(
      SparseKernels kernels,
      Arena arena,
      SparseMatrix weight,
      int tokens,
      @Nullable MemorySegment bias,
      Random random) {
    MemorySegment values = RandomMatrices.gaussian(arena, weight.kept(), random);
    MemorySegment x = RandomMatrices.gaussian(arena, (long) tokens * weight.columns(), random);
    MemorySegment dy = RandomMatrices.gaussian(arena, (long) tokens * weight.rows(), random);
    MemorySegment y = RandomMatrices.floats(arena, (long) tokens * weight.rows());
    MemorySegment dx = RandomMatrices.floats(arena, (long) tokens * weight.columns());
    MemorySegment gradient = RandomMatrices.floats(arena, weight.kept());
    try (PackedTokens packedX = kernels.pack(x, tokens, weight.columns());
        PackedTokens packedDy = kernels.pack(dy, tokens, weight.rows())) {
      kernels.forward(weight, values, packedX, bias, y);
      kernels.inputGradient(weight, values, packedDy, dx);
      kernels.weightGradient(weight, packedDy, packedX, gradient);
    }
    return new Products(values, x, dy, y, dx, gradient);
  }

  private static void check(int tokens, int in, int out, long seed) {
    var random = new Random(seed);
    try (var arena = Arena.ofShared();
        var kernels = SparseKernels.withThreads(2)) {
      var weight = SparseMatrix.ofMask(out, in, RandomMatrices.mask(out, in, random));
      weight.checkStructure();
      MemorySegment bias =
          random.nextBoolean() ? RandomMatrices.gaussian(arena, out, random) : null;
      Products got = products(kernels, arena, weight, tokens, bias, random);
      float[] w = numbers(got.values);
      float[] xs = numbers(got.x);
      float[] dys = numbers(got.dy);
      int[] positions = weight.positions();
      double[] y = new double[tokens * out];
      double[] dx = new double[tokens * in];
      double[] gradient = new double[weight.kept()];
      for (int token = 0; token < tokens; token++) {
        for (int row = 0; bias != null && row < out; row++) {
          y[token * out + row] = bias.get(FLOAT, 4L * row);
        }
        for (int value = 0; value < positions.length; value++) {
          int row = positions[value] / in;
          int column = positions[value] % in;
          double xAt = xs[token * in + column];
          double dyAt = dys[token * out + row];
          y[token * out + row] += w[value] * xAt;
          dx[token * in + column] += w[value] * dyAt;
          gradient[value] += dyAt * xAt;
        }
      }
      String what = "[%d, %d, %d] seed %d ".formatted(tokens, in, out, seed);
      assertClose(what + "y", numbers(got.y), y, in);
      assertClose(what + "dx", numbers(got.dx), dx, out);
      assertClose(what + "gradient", numbers(got.gradient), gradient, tokens);
    }
  }

  /** Within what fp32 sums of so many terms of magnitude one may be off. */
  private static void assertClose(String what, float[] got, double[] expected, int terms) {
    double tolerance = 1e-6 * (8 + terms);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(got[i] - expected[i]) <= tolerance)) {
        assertThat((double) got[i])
            .as("%s at %d", what, i)
            .isCloseTo(expected[i], within(tolerance));
      }
    }
  }

  private static float[] numbers(MemorySegment segment) {
    float[] numbers = new float[(int) (segment.byteSize() / 4)];
    MemorySegment.copy(segment, FLOAT, 0, numbers, 0, numbers.length);
    return numbers;
  }
}
