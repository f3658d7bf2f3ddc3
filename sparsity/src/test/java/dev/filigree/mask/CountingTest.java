package dev.filigree.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class CountingTest {
  @Test
  void eightyPercentOfTenKeepsTwoWhereFloat32KeepsOne() {
    assertThat(Counting.kept(10, 0.8)).isEqualTo(2);
    assertThat((int) ((1f - 0.8f) * 10f)).isEqualTo(1);
    assertThat((long) ((1 - 0.8) * 10)).isEqualTo(1);
  }

  @Test
  void ninetyPercentOfManyIsExactBeyondFloat32AndInt() {
    assertThat(Counting.kept(16_777_217, 0.0)).isEqualTo(16_777_217);
    assertThat(Counting.kept(7_000_000_001L, 0.9)).isEqualTo(700_000_000);
    assertThat(Counting.kept(1L << 62, 0.5)).isEqualTo(1L << 61);
  }

  @Test
  void aDropLeavesTheFloorOfTheRest() {
    assertThat(Counting.afterDrop(10, 0.3)).isEqualTo(7);
    assertThat(Counting.afterDrop(33, 0.1)).isEqualTo(29);
    assertThat(Counting.afterDrop(5, 1.0)).isZero();
  }

  @Property
  void countsAreThoseOfIntegerArithmetic(
      @ForAll @LongRange(min = 0, max = 1L << 50) long n,
      @ForAll @IntRange(max = 1000) int thousandths) {
    double sparsity = thousandths / 1000.0;
    assertThat(Counting.kept(n, sparsity)).isEqualTo(n * (1000 - thousandths) / 1000);
    assertThat(Counting.zeros(n, sparsity)).isEqualTo(n * thousandths / 1000);
  }

  @Property
  void theSparsityOfACountKeepsThatCount(
      @ForAll @LongRange(min = 0, max = 1L << 40) long n, @ForAll @LongRange(min = 0) long k) {
    long kept = n == 0 ? 0 : k % (n + 1);
    double sparsity = Counting.sparsity(n, kept);
    assertThat(Counting.kept(n, sparsity)).isEqualTo(kept);
  }

  @Test
  void aSixthOfSixIsOneThoughFiveSixthsRoundUp() {
    assertThat(Counting.kept(6, 5.0 / 6)).isZero();
    assertThat(Counting.kept(6, Counting.sparsity(6, 1))).isOne();
  }

  @Test
  void aRateOutsideItsRangeIsNamed() {
    assertThatThrownBy(() -> Counting.kept(10, 1.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a sparsity lies in [0, 1], found 1.5");
    assertThatThrownBy(() -> Counting.kept(10, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Counting.afterDrop(10, -0.1))
        .hasMessage("a drop fraction lies in [0, 1], found -0.1");
    assertThatThrownBy(() -> Counting.kept(-1, 0.5)).isInstanceOf(IllegalArgumentException.class);
  }
}
