package dev.filigree.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelBenchmarkTest {
  @Test
  void aProductAboveThePeakIsRefused() {
    assertThat(KernelBenchmark.fraction(50, 150, 200)).isEqualTo(0.25);
    assertThatThrownBy(() -> KernelBenchmark.fraction(50, 201, 200))
        .isInstanceOf(PeakRate.Exceeded.class)
        .hasMessageStartingWith("a product made 201 GFLOP/s, more than the 200 measured");
    assertThatThrownBy(() -> KernelBenchmark.fraction(300, 150, 200))
        .isInstanceOf(PeakRate.Exceeded.class);
  }
}
