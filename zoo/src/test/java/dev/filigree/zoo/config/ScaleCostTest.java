package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScaleCostTest {
  private static final double TINY = 1e-12;

  @Test
  void nearlyTwiceTheBytesAreSentAndABackwardPassHidesAllButTheLastBucket() {
    // 4 buckets of 25 MiB, 4 workers: 4 messages a bucket, 1.5 times the bytes.
    var cost = new ScaleCost(4, 100L << 20, 500L << 20, 0, 0.3, 1e9);
    double latency = 4 * ScaleCost.LATENCY;
    assertThat(cost.onTheWay()).isCloseTo(1.5 * 104857600 / 1e9 + 4 * latency, within(TINY));
    assertThat(cost.notHidden()).isCloseTo(1.5 * 26214400 / 1e9 + latency, within(TINY));
    assertThat(cost.efficiency())
        .isCloseTo(0.3 / (0.3 + cost.notHidden() + ScaleCost.MEASURED_OVERHEAD), within(TINY));
  }

  @Test
  void whatTakesLongerThanTheBackwardPassIsSeen() {
    var cost = new ScaleCost(2, 1L << 30, 1L << 30, 0, 0.3, 1e9);
    double onTheWay = (1 << 30) / 1e9 + 41 * 2 * ScaleCost.LATENCY;
    assertThat(cost.notHidden()).isCloseTo(onTheWay - 0.2, within(1e-9));
  }

  @Test
  void twoGpusTookWhatItSays() {
    // Measured on two H100 joined by NVLink (450 GB/s each way): 0.2791 s alone, 0.2880 s together.
    var compressed = new ScaleCost(2, 1_496_089_800L, 5_381_693_440L, 0, 0.2791, 450e9);
    assertThat(compressed.stepSeconds()).isCloseTo(0.2880, within(0.02 * 0.2880));
    var dense = new ScaleCost(2, 5_381_693_448L, 5_381_693_440L, 0, 0.1896, 450e9);
    assertThat(dense.stepSeconds()).isCloseTo(0.1968, within(0.02 * 0.1968));
  }

  @Test
  void fourGpusTookWhatItSays() {
    // Llama-2 1.3B on four H100 joined by NVLink (450 GB/s each way), milliseconds.
    long dense = 5_381_693_440L;
    long kept = 1_496_089_800L;
    var all = new ScaleCost(4, dense, dense, 0, 0.3032, 450e9);
    assertThat(all.stepSeconds()).isCloseTo(0.3259, within(0.07 * 0.3259));
    assertThat(all.stepSecondsWithoutOverlap()).isCloseTo(0.3296, within(0.07 * 0.3296));
    var sparse = new ScaleCost(4, kept, dense, 0, 0.2856, 450e9);
    assertThat(sparse.stepSeconds()).isCloseTo(0.3023, within(0.07 * 0.3023));
    assertThat(sparse.stepSecondsWithoutOverlap()).isCloseTo(0.3052, within(0.07 * 0.3052));
    var shared = new ScaleCost(4, kept, dense, kept, 0.2856, 450e9);
    assertThat(shared.stepSeconds()).isCloseTo(0.3187, within(0.07 * 0.3187));
  }

  @Test
  void aPlanNeedsOthersAndAConnection() {
    assertThatThrownBy(() -> new ScaleCost(1, 1, 1, 0, 1, 1))
        .hasMessage("a plan needs at least 2 workers and a bandwidth above 0");
    assertThatThrownBy(() -> new ScaleCost(2, 1, 1, 0, 1, Double.NaN))
        .hasMessageContaining("bandwidth above 0");
  }
}
