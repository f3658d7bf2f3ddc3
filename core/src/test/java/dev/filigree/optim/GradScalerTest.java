package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class GradScalerTest {
  private final Tensor weight = torch.zeros(2);
  private final Optimizer optimizer;

  GradScalerTest() {
    weight.set_requires_grad(true);
    optimizer = new SGD(List.of(weight), SGD.options().lr(1));
  }

  /** A backward pass whose loss has the gradient (1, slope). */
  private void backward(GradScaler scaler, float slope) {
    optimizer.zeroGrad();
    scaler.scale(weight.mul(torch.tensor(1f, slope)).sum()).backward();
  }

  @Test
  void theScaleGrowsAfterGoodStepsAndShrinksAfterASkippedOne() {
    var scaler = new GradScaler(GradScaler.options().initScale(8).growthInterval(2));
    var scales = new ArrayList<Double>();
    var stepped = new ArrayList<Boolean>();
    for (float slope : new float[] {2, 2, 2, Float.POSITIVE_INFINITY, 2, Float.NaN, 2, 2}) {
      backward(scaler, slope);
      stepped.add(scaler.step(optimizer));
      scaler.update();
      scales.add(scaler.scale());
    }
    assertThat(stepped).containsExactly(true, true, true, false, true, false, true, true);
    assertThat(scales).containsExactly(8., 16., 16., 8., 8., 4., 4., 8.);
    assertThat(Golden.floats(weight)).containsExactly(-6, -12);
  }

  @Test
  void aSkippedStepChangesNeitherWeightsNorState() {
    var adam = new AdamW(List.of(weight), AdamW.options());
    var scaler = new GradScaler(GradScaler.options());
    backward(scaler, Float.POSITIVE_INFINITY);
    assertThat(scaler.step(adam)).isFalse();
    assertThat(adam.state(weight)).isEmpty();
    assertThat(Golden.floats(weight)).containsExactly(0, 0);
  }

  @Test
  void unscaledGradientsAreSeenBeforeTheStepAndNotUnscaledTwice() {
    var scaler = new GradScaler(GradScaler.options());
    backward(scaler, 3);
    assertThat(Golden.floats(weight.grad())).containsExactly(65536, 3 * 65536);
    scaler.unscale(optimizer);
    assertThat(Golden.floats(weight.grad())).containsExactly(1, 3);
    scaler.step(optimizer);
    assertThat(Golden.floats(weight)).containsExactly(-1, -3);
  }

  @Test
  void oneOverflowingOptimizerShrinksTheScaleForAll() {
    Tensor other = torch.zeros(1);
    other.set_requires_grad(true);
    var second = new SGD(List.of(other), SGD.options());
    var scaler = new GradScaler(GradScaler.options().initScale(4));
    backward(scaler, 1);
    other.mutable_grad().put(torch.tensor(Float.NaN));
    other.mutable_grad().put(other.grad().view(1));
    assertThat(scaler.step(optimizer)).isTrue();
    assertThat(scaler.step(second)).isFalse();
    scaler.update();
    assertThat(scaler.scale()).isEqualTo(2);
  }

  @Test
  void aFixedScaleStaysAndStillSkips() {
    GradScaler scaler = GradScaler.fixed(128);
    backward(scaler, Float.NaN);
    assertThat(scaler.step(optimizer)).isFalse();
    scaler.update();
    assertThat(scaler.scale()).isEqualTo(128);
  }

  @Test
  void theScaleStopsGrowingBeforeItOverflows() {
    var scaler = new GradScaler(GradScaler.options().initScale(0x1p127).growthInterval(1));
    weight.mutable_grad().put(torch.zeros(2));
    scaler.step(optimizer);
    scaler.update();
    assertThat(scaler.scale()).isEqualTo(0x1p127);
  }

  @Test
  void aSavedStateContinues() {
    GradScaler.Options options = GradScaler.options().initScale(8).growthInterval(2);
    var scaler = new GradScaler(options);
    backward(scaler, 1);
    scaler.step(optimizer);
    scaler.update();
    var resumed = new GradScaler(options.initScale(1));
    resumed.load(scaler.state());
    backward(resumed, 1);
    resumed.step(optimizer);
    resumed.update();
    assertThat(resumed.state()).isEqualTo(Map.of("scale", 16.0, "growth_tracker", 0L));
    assertThatThrownBy(() -> resumed.load(Map.of("scale", 2)))
        .hasMessageContaining("scale and growth_tracker, found {scale=2}");
  }

  @Test
  void callsOutOfOrderAreErrors() {
    var scaler = new GradScaler(GradScaler.options());
    assertThatThrownBy(scaler::update).isInstanceOf(IllegalStateException.class);
    backward(scaler, 1);
    scaler.unscale(optimizer);
    assertThatThrownBy(() -> scaler.unscale(optimizer)).isInstanceOf(IllegalStateException.class);
    scaler.step(optimizer);
    assertThatThrownBy(() -> scaler.step(optimizer)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void badOptionsSayWhatIsAllowed() {
    assertThatThrownBy(() -> GradScaler.options().growthFactor(1)).hasMessageContaining("> 1");
    assertThatThrownBy(() -> GradScaler.options().backoffFactor(1)).hasMessageContaining("(0, 1)");
    assertThatThrownBy(() -> GradScaler.options().growthInterval(0)).hasMessageContaining(">= 1");
    assertThatThrownBy(() -> GradScaler.fixed(0)).hasMessageContaining("initScale");
  }
}
