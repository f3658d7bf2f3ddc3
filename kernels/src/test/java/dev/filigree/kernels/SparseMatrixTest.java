package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparseMatrixTest {
  @Test
  void rowsThatKeepMoreComeFirst() {
    var matrix = SparseMatrix.ofPositions(3, 4, new int[] {1, 4, 6, 7, 9, 11});
    assertThat(matrix.positions()).containsExactly(4, 6, 7, 9, 11, 1);
  }

  @Test
  void panelsFollowEachOtherAlongTheRows() {
    int[] all = new int[2 * 128];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    int[] positions = SparseMatrix.ofPositions(2, 128, all).positions();
    assertThat(positions[63]).isEqualTo(63);
    assertThat(positions[64]).isEqualTo(128);
    assertThat(positions[128]).isEqualTo(64);
  }

  @Test
  void refusesShapesAndPositionsThatDoNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofPositions(1 << 16, 1 << 15, new int[0]))
        .withMessageContaining("the product at most 2147483639");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofPositions(0, 1, new int[0]))
        .withMessageContaining("at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofPositions(2, 2, new int[] {1, 1}))
        .withMessageContaining("positions[1] is 1 after 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofPositions(2, 2, new int[] {4}))
        .withMessageContaining("below 2 × 2 = 4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofMask(2, 2, MemorySegment.ofArray(new byte[3])))
        .withMessage("mask has 3 bytes; a mask for [2, 2] has 4");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void scatteringWhatWasGatheredGivesTheMaskedMatrix(long seed) {
    var random = new Random(seed);
    int rows = 1 + random.nextInt(600);
    int columns = 1 + random.nextInt(600);
    BitSet mask = RandomMatrices.mask(rows, columns, random);
    var matrix = SparseMatrix.ofMask(rows, columns, mask);
    matrix.checkStructure();
    assertThat(Arrays.stream(matrix.positions()).sorted().toArray())
        .isEqualTo(mask.stream().toArray());
    try (var arena = Arena.ofConfined()) {
      MemorySegment dense = RandomMatrices.gaussian(arena, (long) rows * columns, random);
      MemorySegment values = RandomMatrices.floats(arena, matrix.kept());
      matrix.gather(dense, values);
      MemorySegment scattered = RandomMatrices.floats(arena, (long) rows * columns);
      matrix.scatter(values, scattered);
      for (int i = 0; i < rows * columns; i++) {
        float expected = mask.get(i) ? dense.get(FLOAT, 4L * i) : 0;
        float got = scattered.get(FLOAT, 4L * i);
        if (got != expected) {
          fail("seed %d position %d: %s, not %s", seed, i, got, expected);
        }
      }
    }
  }

  @Test
  void byteMasksAndBitMasksGiveTheSameMatrix() {
    BitSet mask = RandomMatrices.mask(50, 70, new Random(5));
    byte[] bytes = new byte[50 * 70];
    mask.stream().forEach(i -> bytes[i] = 1);
    var fromBytes = SparseMatrix.ofMask(50, 70, MemorySegment.ofArray(bytes));
    assertThat(fromBytes.positions()).isEqualTo(SparseMatrix.ofMask(50, 70, mask).positions());
  }

  @Test
  void positionsOfALargeLayerTakeAtMostTenBytesAWeight() {
    int[] tenth =
        RandomMatrices.missing(new BitSet(), 1024 * 1024, 1024 * 1024 / 10, new Random(3));
    var matrix = SparseMatrix.ofPositions(1024, 1024, tenth);
    double perWeight = (double) matrix.structureBytes() / matrix.kept();
    // Value, gradient and two moments take 16 bytes; 0.16 of a dense layer's is 25.6 a kept weight.
    assertThat(16 + perWeight).isLessThan(25.6);
  }
}
