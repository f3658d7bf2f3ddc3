package dev.filigree.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class RotaryTest {
  private final Rotary rotary = new Rotary(new float[] {1, 0.1f});
  private final Tensor x = torch.tensor(1, 2, 3, 4, 5, 6).reshape(1, 1, 1, 6).to(ScalarType.Float);

  @Test
  void componentsTurnInPairsAndTheRestPasses() {
    Tensor turned = rotary.apply(x, 3).reshape(-1);

    assertThat(turned.select(0, 0).item_double())
        .isCloseTo(Math.cos(3) - 3 * Math.sin(3), within(1e-6));
    assertThat(turned.select(0, 2).item_double())
        .isCloseTo(3 * Math.cos(3) + Math.sin(3), within(1e-6));
    assertThat(turned.select(0, 1).item_double())
        .isCloseTo(2 * Math.cos(0.3) - 4 * Math.sin(0.3), within(1e-6));
    assertThat(turned.select(0, 4).item_double()).isEqualTo(5);
    assertThat(turned.select(0, 5).item_double()).isEqualTo(6);
  }

  @Test
  void productsDependOnTheDistanceAlone() {
    double near = rotary.apply(x, 2).mul(rotary.apply(x, 5)).sum().item_double();
    double far = rotary.apply(x, 12).mul(rotary.apply(x, 15)).sum().item_double();

    assertThat(near).isCloseTo(far, within(1e-4));
  }

  @Test
  void theTableFollowsTheTypeOfItsInputBeyondTheScopeOfTheCall() {
    try (var _ = new PointerScope()) {
      assertThat(rotary.apply(x.to(ScalarType.BFloat16), 3).scalar_type().intern())
          .isEqualTo(ScalarType.BFloat16);
    }
    assertThat(rotary.apply(x, 0).equal(x)).isTrue();
  }

  @Test
  void aPassInHalfPrecisionRoundsNothingThatALaterOneUses() {
    Tensor fresh = new Rotary(new float[] {1, 0.1f}).apply(x, 3);
    for (ScalarType half : new ScalarType[] {ScalarType.BFloat16, ScalarType.Half}) {
      try (var _ = new PointerScope()) {
        rotary.apply(x.to(half), 3);
      }
      assertThat(rotary.apply(x, 3).equal(fresh)).as(half.toString()).isTrue();
      // Longer than what was there: the table grows while its copy is of the other type.
      rotary.apply(x.to(half), 40);
      assertThat(rotary.apply(x, 3).equal(fresh)).as(half.toString()).isTrue();
    }
  }
}
