package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Statistics over seeds, worked out by hand. */
class StatisticsTest {
  private static final double INFINITE = Double.POSITIVE_INFINITY;

  @Test
  void theStandardErrorIsThatOfTheMean() {
    // Squares of the distances from 5: 9, 1, 1, 9; deviation √(20 / 3), error √(20 / 3) / 2.
    Estimate estimate = Estimate.of(List.of(2.0, 4.0, 6.0, 8.0));
    assertThat(estimate.count()).isEqualTo(4);
    assertThat(estimate.mean()).isEqualTo(5);
    assertThat(estimate.deviation()).isEqualTo(2.581989, within(1e-6));
    assertThat(estimate.standardError()).isEqualTo(1.290994, within(1e-6));
    assertThat(estimate.halfWidth()).isEqualTo(3.182 * 1.290994, within(1e-5));
  }

  @Test
  void aSingleValueHasNoError() {
    Estimate one = Estimate.of(List.of(3.0, Double.NaN));
    assertThat(one.count()).isEqualTo(1);
    assertThat(one.mean()).isEqualTo(3);
    assertThat(one.standardError()).isNaN();
    assertThat(one.halfWidth()).isNaN();
    assertThat(Estimate.of(List.of()).mean()).isNaN();
  }

  @Test
  void differencesArePairedBySeed() {
    // Differences -0.2, -0.1 and -0.3: mean -0.2, deviation 0.1, t of 2 degrees of freedom 4.303.
    // Unpaired, the losses of the seeds, 1 apart, would hide that.
    PairedDifference difference =
        PairedDifference.of(
            "static",
            Map.of(0L, 2.8, 1L, 3.9, 2L, 4.7, 3L, 9.0),
            Map.of(2L, 5.0, 0L, 3.0, 1L, 4.0));
    assertThat(difference.difference().count()).isEqualTo(3);
    assertThat(difference.difference().mean()).isEqualTo(-0.2, within(1e-12));
    assertThat(difference.low()).isEqualTo(-0.2 - 4.303 * 0.1 / Math.sqrt(3), within(1e-9));
    assertThat(difference.high()).isEqualTo(-0.2 + 4.303 * 0.1 / Math.sqrt(3), within(1e-9));
    assertThat(difference.remark()).isEmpty();
  }

  @Test
  void oneSeedHasADifferenceAndNoInterval() {
    PairedDifference difference =
        PairedDifference.of("static", Map.of(0L, 2.0), Map.of(0L, 2.5, 1L, 3.0));
    assertThat(difference.difference().mean()).isEqualTo(-0.5);
    assertThat(difference.remark()).isEqualTo("one seed: no interval");
    assertThat(difference.toMap())
        .containsEntry("pairs", 1)
        .containsEntry("mean", -0.5)
        .containsEntry("standard_error", null)
        .containsEntry("low_95", null)
        .containsEntry("high_95", null);
  }

  @Test
  void aSeedThatDivergedLeavesNoDifference() {
    PairedDifference difference =
        PairedDifference.of("static", Map.of(0L, 2.0, 1L, INFINITE), Map.of(0L, 2.5, 1L, 3.0));
    assertThat(difference.difference().count()).isZero();
    assertThat(difference.remark()).isEqualTo("no pair of seeds without divergence");
  }

  @Test
  void quantilesFallWithTheDegreesOfFreedom() {
    assertThat(StudentT.twoSided95(1)).isEqualTo(12.706);
    assertThat(StudentT.twoSided95(4)).isEqualTo(2.776);
    assertThat(StudentT.twoSided95(30)).isEqualTo(2.042);
    assertThat(StudentT.twoSided95(1000)).isEqualTo(2.042);
    for (int freedom = 2; freedom <= 30; freedom++) {
      assertThat(StudentT.twoSided95(freedom)).isLessThan(StudentT.twoSided95(freedom - 1));
    }
  }
}
