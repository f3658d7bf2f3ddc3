package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every optimizer, whatever its options. */
class OptimizerContractTest {
  private static final String CASES = "dev.filigree.optim.GoldenTest#cases";

  @ParameterizedTest(name = "{0}")
  @MethodSource(CASES)
  void aSavedStateGivesTheSameFutureBitForBit(String name, GoldenTest.Maker maker) {
    var golden = new Golden(name);
    List<Tensor> parameters = golden.parameters();
    Optimizer optimizer = maker.make(parameters);
    run(golden, parameters, optimizer, 0, 5);

    List<Tensor> resumed = golden.parameters();
    Optimizer other = maker.make(resumed);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      for (int i = 0; i < resumed.size(); i++) {
        resumed.get(i).copy_(parameters.get(i));
      }
      Map<String, Tensor> saved = OptimizerStates.save(optimizer, named(parameters));
      assertThat(OptimizerStates.load(other, named(resumed), saved))
          .hasSize(saved.isEmpty() ? 3 : 0);
    }

    run(golden, parameters, optimizer, 5, 10);
    run(golden, resumed, other, 5, 10);
    for (int i = 0; i < resumed.size(); i++) {
      assertThat(Golden.floats(resumed.get(i))).isEqualTo(Golden.floats(parameters.get(i)));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource(CASES)
  void parametersWithoutGradientAreLeftAlone(String name, GoldenTest.Maker maker) {
    var golden = new Golden(name);
    List<Tensor> parameters = golden.parameters();
    Optimizer optimizer = maker.make(parameters);
    float[] before = Golden.floats(parameters.get(1));
    for (int step = 0; step < 3; step++) {
      golden.backward(parameters, step);
      parameters.get(1).mutable_grad().reset();
      optimizer.step();
    }
    assertThat(Golden.floats(parameters.get(1))).isEqualTo(before);
    assertThat(optimizer.state(parameters.get(1))).isEmpty();

    // A late first step counts from one: the same as the early first step of another run.
    golden.backward(parameters.get(1), 0, 1);
    optimizer.step();
    List<Tensor> fresh = golden.parameters();
    Optimizer early = maker.make(fresh);
    golden.backward(fresh, 0);
    early.step();
    assertThat(Golden.floats(parameters.get(1))).isEqualTo(Golden.floats(fresh.get(1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource(CASES)
  void zerosStayZerosWhereTheOptimizerSaysSo(String name, GoldenTest.Maker maker) {
    var golden = new Golden(name);
    List<Tensor> parameters = golden.parameters();
    Optimizer optimizer = maker.make(parameters);
    var masks = new ArrayList<Tensor>();
    for (Tensor parameter : parameters) {
      masks.add(
          torch
              .arange(new Scalar((int) parameter.numel()))
              .view(parameter.sizes())
              .gt(new Scalar(2)));
    }
    try (var _ = new NoGradGuard()) {
      for (int i = 0; i < parameters.size(); i++) {
        parameters.get(i).mul_(masks.get(i));
      }
    }
    for (int step = 0; step < golden.steps; step++) {
      golden.backward(parameters, step);
      for (int i = 0; i < parameters.size(); i++) {
        parameters.get(i).grad().mul_(masks.get(i));
      }
      optimizer.step();
    }
    boolean kept = true;
    for (int i = 0; i < parameters.size(); i++) {
      kept &= zeroOutside(parameters.get(i), masks.get(i));
      for (Tensor state : optimizer.state(parameters.get(i)).values()) {
        boolean likeTheWeights =
            Arrays.equals(Tensors.shape(state), Tensors.shape(parameters.get(i)));
        kept &= !likeTheWeights || zeroOutside(state, masks.get(i));
      }
    }
    assertThat(kept).isEqualTo(optimizer.keepsZeros());
  }

  private static boolean zeroOutside(Tensor tensor, Tensor mask) {
    return tensor.detach().masked_fill(mask, new Scalar(0)).abs().sum().item_float() == 0;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource(CASES)
  void stateOutlivesThePointerScopesOfHundredsOfSteps(String name, GoldenTest.Maker maker) {
    var golden = new Golden(name);
    List<Tensor> parameters = golden.parameters();
    List<Tensor> unscoped = golden.parameters();
    Optimizer other = maker.make(unscoped);
    Optimizer optimizer;
    try (var _ = new PointerScope()) {
      optimizer = maker.make(parameters);
    }
    for (int step = 0; step < 200; step++) {
      try (var _ = new PointerScope()) {
        golden.backward(parameters, step % golden.steps);
        optimizer.step();
        optimizer.zeroGrad();
      }
    }
    for (int step = 0; step < 200; step++) {
      golden.backward(unscoped, step % golden.steps);
      other.step();
    }
    for (int i = 0; i < parameters.size(); i++) {
      assertThat(Golden.floats(parameters.get(i))).isEqualTo(Golden.floats(unscoped.get(i)));
      assertThat(parameters.get(i).grad().defined()).isFalse();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource(CASES)
  void strangersHaveNoState(String name, GoldenTest.Maker maker) {
    Optimizer optimizer = maker.make(new Golden(name).parameters());
    assertThatThrownBy(() -> optimizer.state(torch.zeros(7, 8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("not a parameter of this optimizer: a tensor of shape [7, 8]");
  }

  private static void run(
      Golden golden, List<Tensor> parameters, Optimizer optimizer, int from, int to) {
    for (int step = from; step < to; step++) {
      try (var _ = new PointerScope()) {
        golden.backward(parameters, step);
        optimizer.step();
      }
    }
  }

  static Map<String, Tensor> named(List<Tensor> parameters) {
    var named = new LinkedHashMap<String, Tensor>();
    for (Tensor parameter : parameters) {
      named.put("layer." + named.size() + ".weight", parameter);
    }
    return named;
  }
}
