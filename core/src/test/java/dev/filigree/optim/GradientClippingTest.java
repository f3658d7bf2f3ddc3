package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
  private static Tensor withGradient(float... gradient) {
    Tensor parameter = torch.zeros(gradient.length);
    parameter.set_requires_grad(true);
    parameter.mutable_grad().put(torch.tensor(gradient));
    return parameter;
  }

  private final Tensor first = withGradient(3, 0);
  private final Tensor second = withGradient(0, -4, 0);
  private final Tensor without = torch.ones(2);
  private final List<Tensor> parameters = List.of(first, without, second);

  @Test
  void aNormAboveTheLimitIsScaledToIt() {
    assertThat(GradientClipping.clipNorm(parameters, 1)).isEqualTo(5);
    float factor = (float) (1 / (5 + 1e-6));
    assertThat(Golden.floats(first.grad())).containsExactly(3 * factor, 0);
    assertThat(Golden.floats(second.grad())).containsExactly(0, -4 * factor, 0);
    assertThat(GradientClipping.norm(parameters)).isCloseTo(1, within(1e-6));
  }

  @Test
  void theNormIsToldApartByParameters() {
    Tensor third = withGradient(12);
    List<Tensor> all = List.of(first, without, second, third);
    assertThat(GradientClipping.norm(all, tensor -> tensor.numel() > 1))
        .isEqualTo(new GradientNorms(13, 5, 12));
    assertThat(GradientClipping.clipNorm(all, 1.3, tensor -> tensor.numel() == 3))
        .isEqualTo(new GradientNorms(13, 4, Math.sqrt(9 + 144)));
    assertThat(GradientClipping.norm(all)).isCloseTo(1.3, within(1e-6));
    assertThat(GradientClipping.norm(List.of(without), _ -> true))
        .isEqualTo(new GradientNorms(0, 0, 0));
  }

  @Test
  void aNormBelowTheLimitIsLeftAlone() {
    assertThat(GradientClipping.clipNorm(parameters, 5.1)).isEqualTo(5);
    assertThat(Golden.floats(first.grad())).containsExactly(3, 0);
  }

  @Test
  void noGradientsHaveNormZero() {
    assertThat(GradientClipping.clipNorm(List.of(without), 1)).isEqualTo(0);
    assertThat(GradientClipping.allFinite(List.of(without))).isTrue();
  }

  @Test
  void aGradientThatIsNotFiniteIsReportedAndNothingIsScaled() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      List<Tensor> withBad = List.of(first, withGradient(1, bad));
      assertThat(GradientClipping.clipNorm(withBad, 1)).isNotFinite();
      assertThat(GradientClipping.allFinite(withBad)).isFalse();
      assertThat(Golden.floats(first.grad())).containsExactly(3, 0);
    }
  }

  @Test
  void hugeFiniteGradientsAreFinite() {
    List<Tensor> huge = List.of(withGradient(3e38f, 3e38f));
    assertThat(GradientClipping.norm(huge)).isInfinite();
    assertThat(GradientClipping.allFinite(huge)).isTrue();
  }

  @Test
  void valuesAreClampedOnBothSides() {
    GradientClipping.clipValue(parameters, 2);
    assertThat(Golden.floats(first.grad())).containsExactly(2, 0);
    assertThat(Golden.floats(second.grad())).containsExactly(0, -2, 0);
  }

  @Test
  void aLimitMustBePositive() {
    assertThatThrownBy(() -> GradientClipping.clipNorm(parameters, 0))
        .hasMessage("maxNorm must be a number > 0, found 0.0");
    assertThatThrownBy(() -> GradientClipping.clipValue(parameters, -1))
        .hasMessage("maxValue must be a number > 0, found -1.0");
  }
}
