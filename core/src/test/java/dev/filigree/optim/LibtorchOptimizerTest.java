package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdagradOptions;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.LBFGS;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.RMSpropOptions;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LibtorchOptimizerTest {
  private final Golden golden = new Golden("adamw");

  private static Arguments pair(
      String name,
      Function<TensorVector, org.bytedeco.pytorch.Optimizer> theirs,
      Function<List<Tensor>, Optimizer> ours) {
    return Arguments.of(name, theirs, ours);
  }

  static Stream<Arguments> pairs() {
    return Stream.of(
        pair(
            "AdamW",
            vector -> new org.bytedeco.pytorch.AdamW(vector, new AdamWOptions(0.02)),
            parameters -> new AdamW(parameters, AdamW.options().lr(0.02))),
        pair(
            "AdamW amsgrad",
            vector -> {
              var options = new AdamWOptions(0.02);
              options.amsgrad().put(true);
              return new org.bytedeco.pytorch.AdamW(vector, options);
            },
            parameters -> new AdamW(parameters, AdamW.options().lr(0.02).amsgrad(true))),
        pair(
            "Adam",
            vector -> new org.bytedeco.pytorch.Adam(vector, new AdamOptions(0.02)),
            parameters -> new Adam(parameters, Adam.options().lr(0.02))),
        pair(
            "SGD",
            vector -> {
              var options = new SGDOptions(0.1);
              options.momentum().put(0.9);
              return new org.bytedeco.pytorch.SGD(vector, options);
            },
            parameters -> new SGD(parameters, SGD.options().lr(0.1).momentum(0.9))),
        pair(
            "SGD without momentum",
            vector -> new org.bytedeco.pytorch.SGD(vector, new SGDOptions(0.1)),
            parameters -> new SGD(parameters, SGD.options().lr(0.1))),
        pair(
            "RMSprop",
            vector -> {
              var options = new RMSpropOptions(0.02);
              options.momentum().put(0.5);
              options.centered().put(true);
              return new org.bytedeco.pytorch.RMSprop(vector, options);
            },
            parameters ->
                new RMSprop(parameters, RMSprop.options().lr(0.02).momentum(0.5).centered(true))),
        pair(
            "Adagrad",
            vector -> new org.bytedeco.pytorch.Adagrad(vector, new AdagradOptions(0.1)),
            parameters -> new Adagrad(parameters, Adagrad.options().lr(0.1))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pairs")
  void followsOurOwnOptimizerInWeightsAndState(
      String name,
      Function<TensorVector, org.bytedeco.pytorch.Optimizer> makeTheirs,
      Function<List<Tensor>, Optimizer> makeOurs) {
    List<Tensor> theirs = golden.parameters();
    List<Tensor> ours = golden.parameters();
    Optimizer adapter = adapter(makeTheirs, theirs);
    Optimizer own = makeOurs.apply(ours);
    assertThat(adapter.keepsZeros()).isEqualTo(own.keepsZeros());
    for (int step = 0; step < golden.steps; step++) {
      for (Optimizer optimizer : List.of(adapter, own)) {
        optimizer.groups().getFirst().learningRate(0.02 + 0.01 * (step % 3));
        optimizer.groups().getFirst().weightDecay(step % 2 == 0 ? 0.1 : 0);
      }
      step(theirs, adapter, step);
      step(ours, own, step);
      if (step % 4 == 1) {
        assertSame(name, theirs, adapter, ours, own);
      }
    }
    assertSame(name, theirs, adapter, ours, own);
  }

  private void step(List<Tensor> parameters, Optimizer optimizer, int step) {
    try (var _ = new PointerScope()) {
      golden.backward(parameters, step);
      if (step < 3) {
        parameters.get(1).mutable_grad().reset();
      }
      optimizer.step();
      optimizer.zeroGrad();
    }
  }

  private static Optimizer adapter(
      Function<TensorVector, org.bytedeco.pytorch.Optimizer> make, List<Tensor> parameters) {
    return LibtorchOptimizer.of(make.apply(new TensorVector(parameters.toArray(Tensor[]::new))));
  }

  private static void assertSame(
      String name, List<Tensor> theirs, Optimizer adapter, List<Tensor> ours, Optimizer own) {
    for (int i = 0; i < theirs.size(); i++) {
      assertClose(name, theirs.get(i), ours.get(i));
      Map<String, Tensor> state = adapter.state(theirs.get(i));
      Map<String, Tensor> expected = own.state(ours.get(i));
      if (!name.equals("Adagrad")) { // whose state is there before the first step
        assertThat(state).as(name).containsOnlyKeys(expected.keySet());
      }
      expected.forEach(
          (key, tensor) -> assertClose(name + " " + key, Golden.get(state, key), tensor));
    }
  }

  private static void assertClose(String what, Tensor found, Tensor expected) {
    float[] values = Golden.floats(found);
    float[] wanted = Golden.floats(expected);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(values[i])
          .as("%s [%d]", what, i)
          .isCloseTo(wanted[i], within(5e-6f * Math.max(0.1f, Math.abs(wanted[i]))));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pairs")
  void aSavedStateGivesTheSameFuture(
      String name,
      Function<TensorVector, org.bytedeco.pytorch.Optimizer> makeTheirs,
      Function<List<Tensor>, Optimizer> makeOurs) {
    List<Tensor> first = golden.parameters();
    Optimizer adapter = adapter(makeTheirs, first);
    for (int step = 0; step < 5; step++) {
      step(first, adapter, step);
    }
    List<Tensor> second = golden.parameters();
    Optimizer resumed = adapter(makeTheirs, second);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      for (int i = 0; i < second.size(); i++) {
        second.get(i).copy_(first.get(i));
      }
      OptimizerStates.load(
          resumed,
          OptimizerContractTest.named(second),
          OptimizerStates.save(adapter, OptimizerContractTest.named(first)));
    }
    for (int step = 5; step < golden.steps; step++) {
      step(first, adapter, step);
      step(second, resumed, step);
    }
    for (int i = 0; i < second.size(); i++) {
      assertThat(Golden.floats(second.get(i))).as(name).isEqualTo(Golden.floats(first.get(i)));
    }
  }

  @Test
  void stateMayBeChangedInPlaceAndReplaced() {
    Tensor weight = torch.zeros(2);
    weight.set_requires_grad(true);
    var options = new SGDOptions(1);
    options.momentum().put(1);
    Optimizer adapter =
        LibtorchOptimizer.of(new org.bytedeco.pytorch.SGD(new TensorVector(weight), options));
    weight.mutable_grad().put(torch.ones(2));
    adapter.step(); // buffer 1, weight -1
    Golden.get(adapter.state(weight), "momentum_buffer").zero_();
    adapter.step(); // buffer 1, weight -2
    assertThat(Golden.floats(weight)).containsExactly(-2, -2);
    adapter
        .state(weight)
        .put("momentum_buffer", torch.full(new long[] {2}, new org.bytedeco.pytorch.Scalar(3.0)));
    adapter.step(); // buffer 4, weight -6
    assertThat(Golden.floats(weight)).containsExactly(-6, -6);
    assertThat(Golden.floats(Golden.get(adapter.state(weight), "momentum_buffer")))
        .containsExactly(4, 4);
    adapter.state(weight).clear();
    adapter.step(); // buffer 1, weight -7
    assertThat(Golden.floats(weight)).containsExactly(-7, -7);
  }

  @Test
  void theBindingReversesTheBetasOfAdamW() {
    var options = new AdamWOptions(0.1);
    assertThat(options.betas().get(0)).isEqualTo(0.999);
    assertThat(options.betas().get(1)).isEqualTo(0.9);
  }

  @Test
  void optimizersThatCannotBeWrappedAreRefused() {
    Tensor weight = torch.zeros(2);
    weight.set_requires_grad(true);
    assertThatThrownBy(() -> LibtorchOptimizer.of(new LBFGS(new TensorVector(weight))))
        .hasMessage("LibtorchOptimizer wraps AdamW, Adam, SGD, RMSprop and Adagrad, found LBFGS");
    Optimizer adapter =
        LibtorchOptimizer.of(
            new org.bytedeco.pytorch.SGD(new TensorVector(weight), new SGDOptions(1)));
    assertThatThrownBy(() -> adapter.state(torch.zeros(3)))
        .hasMessage("not a parameter of this optimizer: a tensor of shape [3]");
  }
}
