package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LayerSpeedsTest {
  @Test
  void efficiencyIsTheSpeedAgainstDenseTimesTheDensity() {
    LayerSpeeds speeds = LayerSpeeds.of(new double[] {0.4, 0.25, 0.1}, List.of(0.5, 0.125));
    assertThat(speeds.efficiencies())
        .containsOnlyKeys(0.5, 0.125)
        .containsEntry(0.5, 0.8)
        .containsEntry(0.125, 0.5);
    assertThat(speeds.denseFlops()).isEqualTo(6.0 * 1024 * 1024 * 512 / 0.4);
  }
}
