package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class AbstractOptimizerTest {
  private static Tensor parameter(double value, long... shape) {
    Tensor parameter = torch.full(shape, new Scalar(value));
    parameter.set_requires_grad(true);
    return parameter;
  }

  private static void gradient(Tensor parameter, double value) {
    parameter.mutable_grad().put(torch.full_like(parameter.detach(), new Scalar(value)));
  }

  @Test
  void aLibtorchVectorMayBeGoneAfterConstruction() {
    Tensor weight = parameter(1, 2);
    var vector = new TensorVector(weight);
    var optimizer = new SGD(vector, SGD.options().lr(0.5));
    vector.close();
    gradient(weight, 1);
    optimizer.step();
    assertThat(Golden.floats(weight)).containsExactly(0.5f, 0.5f);
  }

  @Test
  void ratesOfAGroupMayChangeBetweenSteps() {
    Tensor weight = parameter(1, 1);
    var optimizer = new SGD(List.of(weight), SGD.options().lr(0.5));
    gradient(weight, 1);
    optimizer.step();
    optimizer.groups().getFirst().learningRate(0.25);
    optimizer.step();
    optimizer.groups().getFirst().weightDecay(1);
    gradient(weight, 0);
    optimizer.step();
    assertThat(Golden.floats(weight)).containsExactly(0.25f * 0.75f);
  }

  @Test
  void aGroupMadeByOptionsFollowsThemInAllThings() {
    Tensor first = parameter(1, 1);
    Tensor second = parameter(1, 1);
    SGD.Options plain = SGD.options().lr(0.5);
    var optimizer =
        new SGD(
            List.of(plain.group(List.of(first)), plain.momentum(0.5).group(List.of(second))),
            plain);
    for (int step = 0; step < 2; step++) {
      gradient(first, 1);
      gradient(second, 1);
      optimizer.step();
    }
    assertThat(Golden.floats(first)).containsExactly(0);
    assertThat(Golden.floats(second)).containsExactly(-0.25f);
    assertThat(optimizer.state(first)).isEmpty();
    assertThat(optimizer.state(second)).containsOnlyKeys("momentum_buffer");
  }

  @Test
  void hooksRunAroundEveryStep() {
    Tensor weight = parameter(1, 1);
    var optimizer = new SGD(List.of(weight), SGD.options().lr(1));
    var seen = new ArrayList<String>();
    optimizer.beforeStep(_ -> seen.add("before " + weight.item_float()));
    optimizer.afterStep(_ -> seen.add("after " + weight.item_float()));
    gradient(weight, 1);
    optimizer.step();
    assertThat(seen).containsExactly("before 1.0", "after 0.0");
  }

  @Test
  void gradientsInAnotherMemoryLayoutGiveTheSameStep() {
    Tensor transposed = torch.arange(new Scalar(6)).to(torch.ScalarType.Float).view(3, 2).t();
    for (boolean contiguous : new boolean[] {true, false}) {
      Tensor weight = parameter(0, 2, 3);
      var optimizer = new SGD(List.of(weight), SGD.options().lr(1).momentum(0.9));
      weight.mutable_grad().put(contiguous ? transposed.contiguous() : transposed);
      optimizer.step();
      assertThat(Golden.floats(weight)).containsExactly(0, -2, -4, -1, -3, -5);
    }
  }

  @Test
  void parametersOfSeveralTypesAreUpdatedTogether() {
    Tensor single = parameter(1, 2);
    Tensor half = torch.ones(2).to(torch.ScalarType.BFloat16).detach();
    half.set_requires_grad(true);
    var optimizer = new AdamW(List.of(single, half), AdamW.options().lr(0.5).weightDecay(0));
    gradient(single, 1);
    gradient(half, 1);
    optimizer.step();
    assertThat(Golden.floats(single)).containsExactly(new float[] {0.5f, 0.5f}, within(1e-6f));
    assertThat(Golden.floats(half.to(torch.ScalarType.Float))).containsExactly(0.5f, 0.5f);
  }

  @Test
  void replacedStateIsUsedByTheNextStep() {
    Tensor weight = parameter(0, 2);
    var optimizer = new SGD(List.of(weight), SGD.options().lr(1).momentum(1));
    gradient(weight, 1);
    optimizer.step();
    optimizer.state(weight).put("momentum_buffer", torch.zeros(2));
    optimizer.step();
    assertThat(Golden.floats(weight)).containsExactly(-2, -2);
  }

  @Test
  void aParameterThatChangedItsLengthNeedsNewStateAndAFreshGradient() {
    Tensor values = parameter(1, 4);
    var optimizer = new AdamW(List.of(values), AdamW.options());
    gradient(values, 1);
    optimizer.step();
    values.set_data(torch.ones(6));
    assertThatThrownBy(optimizer::step)
        .hasMessage("a gradient has the shape [4], its parameter [6]");
    gradient(values, 1);
    assertThatThrownBy(optimizer::step)
        .hasMessage("optimizer state exp_avg has the shape [4], its parameter needs [6]");
    optimizer
        .state(values)
        .replaceAll((name, tensor) -> name.equals("step") ? tensor : torch.zeros(6));
    optimizer.step();
    assertThat(Golden.floats(optimizer.state(values).getOrDefault("exp_avg", values)))
        .containsExactly(new float[] {.1f, .1f, .1f, .1f, .1f, .1f}, within(1e-6f));
  }

  @Test
  void badParametersAreNamedAtConstruction() {
    Tensor weight = parameter(1, 2, 3);
    assertThatThrownBy(() -> new SGD(List.of(weight, weight), SGD.options()))
        .hasMessage("a parameter of shape [2, 3] is there twice");
    assertThatThrownBy(() -> new SGD(List.<Tensor>of(), SGD.options()))
        .hasMessage("an optimizer needs at least one parameter");
    assertThatThrownBy(() -> new SGD(List.of(weight.mul(new Scalar(2))), SGD.options()))
        .hasMessageContaining("a parameter must be a leaf tensor of floating point numbers");
    assertThatThrownBy(
            () -> new SGD(List.of(AdamW.options().group(List.of(weight))), SGD.options()))
        .hasMessageStartingWith("a parameter group of SGD has the options Options[lr=0.001");
    assertThatThrownBy(() -> new Muon(List.of(parameter(1, 5)), Muon.options()))
        .hasMessage("Muon trains matrices, found a parameter of shape [5]");
  }

  @Test
  void badOptionsSayWhatIsAllowed() {
    assertThatThrownBy(() -> AdamW.options().lr(-1))
        .hasMessage("lr must be a number >= 0, found -1.0");
    assertThatThrownBy(() -> AdamW.options().lr(Double.NaN)).hasMessageContaining("found NaN");
    assertThatThrownBy(() -> Adam.options().betas(0.9, 1))
        .hasMessage("beta2 must be in [0, 1), found 1.0");
    assertThatThrownBy(() -> SGD.options().nesterov(true))
        .hasMessageContaining("needs momentum > 0");
    assertThatThrownBy(() -> Rprop.options().etas(1.1, 1.2))
        .hasMessageContaining("0 < minus < 1 < plus");
    assertThatThrownBy(() -> Muon.options().iterations(100)).hasMessageContaining("[0, 100)");
    assertThatThrownBy(
            () -> {
              Tensor weight = parameter(1, 1);
              var optimizer = new Rprop(List.of(weight), Rprop.options());
              optimizer.groups().getFirst().weightDecay(0.1);
              gradient(weight, 1);
              optimizer.step();
            })
        .hasMessage("Rprop has no weight decay, found 0.1");
  }

  @Test
  void onlyAdafactorAndMuonNeedTheShapeOfAMatrix() {
    Tensor weight = parameter(1, 2, 3);
    assertThat(new Adafactor(List.of(weight), Adafactor.options()).needsMatrixShape()).isTrue();
    assertThat(new Muon(List.of(weight), Muon.options()).needsMatrixShape()).isTrue();
    assertThat(new LAMB(List.of(weight), LAMB.options()).needsMatrixShape()).isFalse();
    assertThat(new AdamW(List.of(weight), AdamW.options()).needsMatrixShape()).isFalse();
  }

  /** Sign descent: what a user's own optimizer looks like. */
  private static final class SignDescent extends AbstractOptimizer<SGD.Options> {
    SignDescent(List<Tensor> parameters, SGD.Options options) {
      super(List.of(options.group(parameters)), options);
    }

    @Override
    protected void update(ParameterGroup group, SGD.Options options, List<Slot> slots) {
      for (Slot slot : slots) {
        slot.parameter().add_(slot.gradient().sign(), new Scalar(-group.learningRate()));
      }
    }

    @Override
    public boolean keepsZeros() {
      return true;
    }
  }

  @Test
  void anOptimizerOfOnesOwnIsOneMethod() {
    Tensor weight = parameter(1, 1);
    var optimizer = new SignDescent(List.of(weight), SGD.options().lr(0.5));
    gradient(weight, 7);
    optimizer.step();
    assertThat(Golden.floats(weight)).containsExactly(0.5f);
  }
}
