package dev.filigree.zoo.advise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.advise.Advisor.Candidate;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdvisorTest {
  private static final OptionalDouble BEST = OptionalDouble.empty();

  /** By a pocket calculator from the formula. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "0.5, 0.854974, 1.61518",
    "0.2, 0.789779, 2.05888",
    "0.1, 0.772927, 2.19934",
    "0.0625, 0.768813, 2.23556"
  })
  void fewerWeightsOfALargerNetworkAreWorthMore(double density, double factor, double worth) {
    assertThat(SparseScalingLaw.factor(density)).isCloseTo(factor, within(1e-5));
    assertThat(SparseScalingLaw.worth(density)).isCloseTo(worth, within(1e-4));
  }

  /** 10^18 operations, 6 for each of 2·10^9 tokens and weight: 83.33 million weights exist. */
  @Test
  void tokensAndOperationsSayHowManyWeightsExist() {
    List<Candidate> candidates = Advisor.candidates(1e18, OptionalDouble.of(2e9), Map.of());
    assertThat(candidates)
        .extracting(Candidate::density)
        .containsExactlyElementsOf(Advisor.DENSITIES);
    assertThat(candidates).allMatch(each -> Math.abs(each.kept() - 83_333_333) < 1);
    assertThat(candidates.getFirst().loss()).isCloseTo(3.243280, within(1e-6));
    assertThat(candidates.get(1).weights()).isCloseTo(166_666_667, within(1.0));
    assertThat(candidates.get(1).loss()).isCloseTo(3.172660, within(1e-6));
    assertThat(candidates.getLast().loss()).isCloseTo(3.130704, within(1e-6));
    assertThat(Advisor.best(candidates)).isEqualTo(candidates.getLast());
  }

  @Test
  void withoutANumberOfTokensTheLossIsTheLeastThatTheOperationsGive() {
    for (Candidate each : Advisor.candidates(1e18, BEST, Map.of())) {
      assertThat(6 * each.kept() * each.tokens()).isCloseTo(1e18, within(1e9));
      for (double other : new double[] {0.9, 1.1}) {
        assertThat(
                SparseScalingLaw.loss(each.kept() * other, each.tokens() / other, each.density()))
            .isGreaterThan(each.loss());
      }
    }
    Candidate dense = Advisor.candidates(1e18, BEST, Map.of()).getFirst();
    assertThat(dense.kept()).isCloseTo(109.133e6, within(1e3));
    assertThat(dense.loss()).isCloseTo(3.239814, within(1e-6));
  }

  /** Where worth times efficiency is below one, the smaller dense network is better. */
  @ParameterizedTest
  @CsvSource({"0.45, true", "0.50, false"})
  void sparseKernelsMustReachAnEfficiencyToPay(double efficiency, boolean dense) {
    var efficiencies =
        Map.of(0.5, 0.1, 0.25, 0.1, 0.2, efficiency, 0.125, 0.1, 0.1, 0.1, 0.0625, 0.1);
    Candidate best = Advisor.best(Advisor.candidates(1e18, OptionalDouble.of(2e9), efficiencies));
    assertThat(best.density()).isEqualTo(dense ? 1.0 : 0.2);
  }

  @Test
  void whatTheLawDoesNotKnowIsNotTheBestWhereItKnowsAnother() {
    List<Candidate> candidates = Advisor.candidates(6e18, OptionalDouble.of(2e9), Map.of());
    assertThat(candidates.getLast().weights()).isGreaterThan(1.9e9);
    assertThat(candidates.getLast().isKnown()).isFalse();
    assertThat(Advisor.best(candidates).density()).isEqualTo(0.5); // one billion weights
    assertThat(SparseScalingLaw.outside(1e6, 1).getFirst()).contains("20 million to 1.9 billion");
    assertThat(SparseScalingLaw.outside(1e6, 0.01).getLast()).contains("0.0625");
    Candidate small = Advisor.best(Advisor.candidates(1e12, OptionalDouble.of(1e6), Map.of()));
    assertThat(small.isKnown()).isFalse();
  }

  @Test
  void whatIsNoBudgetIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Advisor.candidates(0, BEST, Map.of()))
        .withMessage("FLOPs must be above 0, found 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Advisor.candidates(1, OptionalDouble.of(Double.NaN), Map.of()))
        .withMessageContaining("tokens");
    assertThatIllegalArgumentException().isThrownBy(() -> SparseScalingLaw.factor(0));
  }
}
