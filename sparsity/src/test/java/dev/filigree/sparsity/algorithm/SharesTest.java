package dev.filigree.sparsity.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SharesTest {
  @Test
  void theLargestFractionsAreRoundedUp() {
    // 10 · (0.25, 0.35, 0.4) = 2.5, 3.5, 4: one is missing, and goes to the first of equal
    // fractions.
    assertThat(divide(10, new double[] {0.25, 0.35, 0.4}, 10, 10, 10)).containsExactly(3, 3, 4);
  }

  @Test
  void whatDoesNotFitGoesToTheOthersByTheirShares() {
    // The first gets 4 of its 8; the other 8 weights are divided 3 to 1.
    assertThat(divide(12, new double[] {8, 3, 1}, 4, 100, 100)).containsExactly(4, 6, 2);
    // The others have no share: by their capacities, 4 to 8.
    assertThat(divide(9, new double[] {1, 0, 0}, 3, 4, 8)).containsExactly(3, 2, 4);
  }

  @Test
  void sharesThatAreNotFiniteCountAsNone() {
    double[] shares = {Double.NaN, Double.POSITIVE_INFINITY, 1};
    assertThat(divide(5, shares, 10, 10, 10)).containsExactly(0, 0, 5);
    assertThat(divide(4, new double[] {Double.POSITIVE_INFINITY, Double.NaN}, 6, 2))
        .containsExactly(3, 1);
  }

  @Test
  void moreThanThereIsRoomForIsRefused() {
    assertThatThrownBy(() -> divide(7, new double[] {1, 1}, 3, 3))
        .hasMessage("7 weights do not fit where there is room for 6");
  }

  private static long[] divide(long total, double[] shares, long... capacity) {
    return Shares.divide(total, shares, capacity);
  }
}
