package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MissingPositionsTest {
  private static DenseRows rowsOf(float[] dense, int columns) {
    return (first, rows, target) -> {
      for (int i = 0; i < rows * columns; i++) {
        target.set(FLOAT, 4L * i, dense[first * columns + i]);
      }
    };
  }

  @Test
  void ofEqualMagnitudesTheLowerPositionWinsAndNanNever() {
    float[] dense = {9, -2, 2, Float.NaN, Float.NEGATIVE_INFINITY, 2, -0f, 0};
    var matrix = SparseMatrix.ofPositions(2, 4, new int[] {0});
    assertThat(MissingPositions.largest(matrix, 3, rowsOf(dense, 4))).containsExactly(1, 2, 4);
    assertThat(MissingPositions.largest(matrix, 5, rowsOf(dense, 4)))
        .containsExactly(1, 2, 4, 5, 6);
    assertThat(MissingPositions.largest(matrix, 7, rowsOf(dense, 4)))
        .containsExactly(1, 2, 4, 5, 6, 7);
    assertThat(MissingPositions.largest(matrix, 0, rowsOf(dense, 4))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void largestAreThoseOfAFullSort(long seed) {
    var random = new Random(seed);
    int rows = 100 + random.nextInt(100);
    int columns = 12_000;
    BitSet mask = RandomMatrices.mask(rows, columns, random);
    var matrix = SparseMatrix.ofMask(rows, columns, mask);
    float[] dense = new float[rows * columns];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = random.nextInt(2000) - 1000;
    }
    int n = random.nextInt(dense.length / 3);
    int[] expected =
        IntStream.range(0, dense.length)
            .filter(i -> !mask.get(i))
            .boxed()
            .sorted(Comparator.comparing((Integer i) -> -Math.abs(dense[i])))
            .limit(n)
            .mapToInt(i -> i)
            .sorted()
            .toArray();
    assertThat(MissingPositions.largest(matrix, n, rowsOf(dense, columns)))
        .as("seed %d", seed)
        .isEqualTo(expected);
  }

  @Test
  void randomPositionsAreMissingDifferentAndRepeatable() {
    BitSet mask = RandomMatrices.mask(40, 60, new Random(2));
    mask.clear(0, 100);
    var matrix = SparseMatrix.ofMask(40, 60, mask);
    int missing = 40 * 60 - mask.cardinality();
    for (int n : new int[] {0, 1, missing / 3, missing - 1, missing}) {
      int[] drawn = MissingPositions.random(matrix, n, new Random(n));
      assertThat(drawn).hasSize(n).doesNotHaveDuplicates().isSorted();
      assertThat(Arrays.stream(drawn)).noneMatch(mask::get);
      assertThat(MissingPositions.random(matrix, n, new Random(n))).isEqualTo(drawn);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MissingPositions.random(matrix, missing + 1, new Random(1)))
        .withMessage("n is %d, but only %d positions are missing".formatted(missing + 1, missing));
  }

  @Test
  void everyMissingPositionIsDrawnEquallyOften() {
    var matrix = SparseMatrix.ofPositions(2, 6, new int[] {0, 5, 6});
    int[] drawn = new int[12];
    var random = new Random(11);
    int draws = 9000;
    for (int i = 0; i < draws; i++) {
      for (int position : MissingPositions.random(matrix, i % 2 == 0 ? 3 : 6, random)) {
        drawn[position]++;
      }
    }
    for (int position : new int[] {1, 2, 3, 4, 7, 8, 9, 10, 11}) {
      // 4500 deviates by 47 from one draw to the next; 250 is more than five times that.
      assertThat(drawn[position]).as("position %d", position).isBetween(4250, 4750);
    }
    assertThat(drawn[0] + drawn[5] + drawn[6]).isZero();
  }
}
