package dev.filigree.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeakRateTest {
  private static PeakRate measured(Double... rates) {
    var next = new ArrayDeque<>(List.of(rates));
    return new PeakRate(_ -> next.size() > 1 ? next.remove() : next.element());
  }

  @Test
  void theMostThatWasEverMeasuredCounts() {
    PeakRate peak = measured(150.0, 200.0, 120.0);
    peak.measureAgain();
    peak.measureAgain();
    assertThat(peak.share(50, 150)).isEqualTo(0.25);
  }

  @Test
  void aPeakBelowAProductIsMeasuredAgain() {
    assertThat(measured(90.0, 95.0, 200.0).share(100, 150)).isEqualTo(0.5);
  }

  @Test
  void aProductThatStaysAboveThePeakIsRefused() {
    assertThatThrownBy(() -> measured(200.0).share(50, 201))
        .isInstanceOf(PeakRate.Exceeded.class)
        .hasMessageStartingWith("a product made 201 GFLOP/s, more than the 200 measured");
    assertThatThrownBy(() -> measured(200.0).share(300, 150)).isInstanceOf(PeakRate.Exceeded.class);
  }

  @Test
  void moreThreadsThanOneMakeSomething() {
    assertThat(new PeakRate(2).gflops()).isPositive();
  }
}
