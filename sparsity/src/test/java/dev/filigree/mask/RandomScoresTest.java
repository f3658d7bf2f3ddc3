package dev.filigree.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class RandomScoresTest {
  private static final RandomScores SCORES = RandomScores.of(1234, "layers.0.weight", 100);

  @Test
  void theStreamOfAGeneratorIsPinned() {
    // A change of these numbers changes every random mask of every run.
    assertThat(RandomScores.of(0, "", 0).bits(0)).isEqualTo(-3064614020474116605L);
    assertThat(SCORES.bits(7)).isEqualTo(-6148531461467933271L);
    assertThat(SCORES.at(7)).isEqualTo((-6148531461467933271L >>> 40) / 16_777_216f);
  }

  @Test
  void blocksAndTensorsHoldTheScoresOfTheirIndices() {
    try (var _ = new PointerScope()) {
      Tensor whole = SCORES.tensor(new Device("cpu"), 100, 401);
      Tensor onDevice = torch.empty(40_100);
      SCORES.draw(onDevice);
      assertThat(onDevice.equal(whole.view(-1))).isTrue();
      float[] values = Tensors.segment(whole).toArray(ValueLayout.JAVA_FLOAT);
      for (int i : new int[] {0, 1, 4095, 4096, 40_099}) {
        assertThat(values[i]).isEqualTo(SCORES.at(i));
      }
      var block = new float[5000];
      SCORES.fill(3000, MemorySegment.ofArray(block));
      for (int i = 0; i < block.length; i++) {
        assertThat(block[i]).isEqualTo(values[3000 + i]);
      }
    }
  }

  @Test
  void ranksOnADeviceAreTheRanksOnTheHost() {
    try (var _ = new PointerScope()) {
      Tensor bits = SCORES.bits(RandomScores.range(1L << 40, 100, new Device("cpu")));
      for (int i = 0; i < 100; i++) {
        assertThat(bits.get(i).item_long()).isEqualTo(SCORES.bits((1L << 40) + i));
      }
    }
  }

  @Test
  void seedsNamesAndStepsDrawDifferentNumbers() {
    Set<Long> bits = new HashSet<>();
    for (long seed = 0; seed < 10; seed++) {
      for (String name : new String[] {"a.weight", "b.weight", "weight.a", "größe", "grosse"}) {
        for (long step = -1; step < 10; step++) {
          bits.add(RandomScores.of(seed, name, step).bits(0));
          bits.add(RandomScores.of(seed, name, step).bits(1));
        }
      }
    }
    assertThat(bits).hasSize(10 * 5 * 11 * 2);
  }

  @Test
  void scoresAreUniformUncorrelatedAndHave24Bits() {
    int n = 1 << 20;
    var buckets = new int[256];
    double sum = 0;
    double products = 0;
    Set<Float> distinct = new HashSet<>();
    for (int i = 0; i < n; i++) {
      float score = SCORES.at(i);
      assertThat(score >= 0 && score < 1).isTrue();
      buckets[(int) (score * 256)]++;
      sum += score;
      products += (score - 0.5) * (SCORES.at(i + 1) - 0.5);
      distinct.add(score);
    }
    double chiSquared = 0;
    double expected = n / 256.0;
    for (int count : buckets) {
      chiSquared += (count - expected) * (count - expected) / expected;
    }
    assertThat(sum / n).isCloseTo(0.5, within(0.002));
    assertThat(products / n * 12).isCloseTo(0, within(0.005));
    assertThat(chiSquared).isBetween(170.0, 350.0); // 255 degrees of freedom
    // Of 2^20 draws from 2^24 numbers about 2^15 meet one drawn before.
    assertThat(n - distinct.size()).isBetween(31_000, 34_000);
  }
}
