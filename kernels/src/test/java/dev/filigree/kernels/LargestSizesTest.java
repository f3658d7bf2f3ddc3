package dev.filigree.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of indices just below 2³¹, which no test can allocate. */
class LargestSizesTest {
  @ParameterizedTest
  @CsvSource({
    "2147483647, 65536", // values of an input gradient
    "2147483647, 512", // columns of panels
    "2147483647, 256", // rows of blocks
    "2147483600, 64",
    "2147483647, 1000000007",
    "65537, 65536",
    "65536, 65536",
    "1, 65536"
  })
  void piecesCoverARangeOnceAndInOrder(int total, int size) {
    var pieces = new Pieces(total, size);
    assertThat(pieces.count()).isEqualTo((int) Math.ceil((double) total / size));
    int last = pieces.count() - 1;
    for (int piece : new int[] {0, last / 2, last}) {
      assertThat((long) pieces.start(piece)).isEqualTo((long) piece * size);
      assertThat(pieces.length(piece)).isBetween(1, size);
      assertThat(pieces.end(piece)).isEqualTo(pieces.start(piece) + pieces.length(piece));
    }
    assertThat(pieces.end(last)).isEqualTo(total);
  }

  @Test
  void nothingIsNoPiece() {
    assertThat(new Pieces(0, 64).count()).isZero();
  }

  @Test
  void tokensUpToTheLargestIntHaveTiles() {
    try (SparseKernels kernels = SparseKernels.withThreads(1)) {
      var packed = new PackedTokens(kernels, Integer.MAX_VALUE, 1, new NativeBuffer());
      assertThat(packed.tiles()).isEqualTo(33_554_432);
      assertThat(packed.tokensIn(packed.tiles() - 1)).isEqualTo(63);
    }
  }

  @Test
  void theListOfPositionsGrowsToTheWholeMatrixAndNoFurther() {
    assertThat(SparseMatrix.grown(1024, 1_000_000)).isEqualTo(2048);
    assertThat(SparseMatrix.grown(1 << 30, SparseMatrix.MAX_ELEMENTS))
        .isEqualTo(SparseMatrix.MAX_ELEMENTS);
  }

  @Test
  void shapesWhoseElementsNoArrayCountsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SparseMatrix.ofPositions(Integer.MAX_VALUE, 1, new int[0]))
        .withMessageContaining("at most 2147483639");
  }
}
