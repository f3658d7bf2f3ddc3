package dev.filigree.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every optimizer follows the trajectory of PyTorch's, or of its paper. */
class GoldenTest {
  /** Options the same for all parameters. */
  private static <O extends OptimizerOptions> Arguments same(
      String name, O options, BiFunction<List<ParameterGroup>, O, Optimizer> constructor) {
    return Arguments.of(
        name, (Maker) parameters -> constructor.apply(List.of(options.group(parameters)), options));
  }

  /** Weight decay on the first of three parameters only, a quarter of the rate on the last. */
  private static <O extends OptimizerOptions> Arguments decays(
      String name, O options, BiFunction<List<ParameterGroup>, O, Optimizer> constructor) {
    return Arguments.of(
        name,
        (Maker)
            parameters ->
                constructor.apply(
                    List.of(
                        new ParameterGroup(parameters.subList(0, 1), options.lr(), 0.1),
                        new ParameterGroup(parameters.subList(1, 2), options.lr(), 0),
                        new ParameterGroup(parameters.subList(2, 3), options.lr() / 4, 0)),
                    options));
  }

  interface Maker {
    Optimizer make(List<Tensor> parameters);
  }

  static Stream<Arguments> cases() {
    return Stream.of(
        same("sgd", SGD.options().lr(0.1), SGD::new),
        decays("sgd-momentum", SGD.options().lr(0.1).momentum(0.9).dampening(0.3), SGD::new),
        decays("sgd-nesterov", SGD.options().lr(0.1).momentum(0.9).nesterov(true), SGD::new),
        same("adam", Adam.options().lr(0.02), Adam::new),
        decays("adam-decay", Adam.options().lr(0.02).betas(0.8, 0.95).eps(1e-6), Adam::new),
        decays("adam-amsgrad", Adam.options().lr(0.02).betas(0.5, 0.6).amsgrad(true), Adam::new),
        same("adamw", AdamW.options().lr(0.02), AdamW::new),
        decays("adamw-betas", AdamW.options().lr(0.02).betas(0.9, 0.95), AdamW::new),
        decays("adamw-amsgrad", AdamW.options().lr(0.02).betas(0.5, 0.6).amsgrad(true), AdamW::new),
        same("adagrad", Adagrad.options(), Adagrad::new),
        decays(
            "adagrad-decay",
            Adagrad.options().lr(0.1).lrDecay(0.05).initialAccumulator(0.3).eps(1e-6),
            Adagrad::new),
        same("adadelta", Adadelta.options(), Adadelta::new),
        decays("adadelta-decay", Adadelta.options().lr(0.7).rho(0.8).eps(1e-4), Adadelta::new),
        same("adamax", Adamax.options(), Adamax::new),
        decays("adamax-decay", Adamax.options().lr(0.05).betas(0.8, 0.9).eps(1e-6), Adamax::new),
        same("nadam", NAdam.options(), NAdam::new),
        decays(
            "nadam-decay",
            NAdam.options().lr(0.05).betas(0.8, 0.95).momentumDecay(0.1),
            NAdam::new),
        decays("nadam-decoupled", NAdam.options().lr(0.05).decoupledWeightDecay(true), NAdam::new),
        same("radam", RAdam.options(), RAdam::new),
        decays("radam-decay", RAdam.options().lr(0.05).betas(0.8, 0.95), RAdam::new),
        decays("radam-decoupled", RAdam.options().lr(0.05).decoupledWeightDecay(true), RAdam::new),
        same("rmsprop", RMSprop.options(), RMSprop::new),
        decays(
            "rmsprop-momentum", RMSprop.options().lr(0.02).alpha(0.9).momentum(0.8), RMSprop::new),
        decays(
            "rmsprop-centered",
            RMSprop.options().lr(0.02).alpha(0.9).eps(1e-3).centered(true),
            RMSprop::new),
        same("rprop", Rprop.options(), Rprop::new),
        same(
            "rprop-etas", Rprop.options().lr(0.05).etas(0.4, 1.5).stepSizes(1e-3, 0.1), Rprop::new),
        same("asgd", ASGD.options(), ASGD::new),
        decays("asgd-averaging", ASGD.options().lr(0.1).lambda(0.01).alpha(0.6).t0(4), ASGD::new),
        same("adafactor", Adafactor.options(), Adafactor::new),
        decays(
            "adafactor-options",
            Adafactor.options().lr(0.3).beta2Decay(-0.6).eps1(1e-4).eps2(1e-2).d(1.5),
            Adafactor::new),
        same("muon", Muon.options(), Muon::new),
        decays(
            "muon-plain",
            Muon.options()
                .lr(0.05)
                .momentum(0.8)
                .nesterov(false)
                .adjustment(Muon.Adjustment.MATCH_RMS_ADAMW),
            Muon::new),
        same("lion", Lion.options(), Lion::new),
        decays("lion-decay", Lion.options().lr(0.01).betas(0.8, 0.9), Lion::new),
        same("lamb", LAMB.options(), LAMB::new),
        decays(
            "lamb-options", LAMB.options().lr(0.05).betas(0.8, 0.95).maxWeightNorm(1.5), LAMB::new),
        decays("lamb-uncorrected", LAMB.options().lr(0.05).biasCorrection(false), LAMB::new));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void followsTheReference(String name, Maker maker) {
    var golden = new Golden(name);
    List<Tensor> parameters = golden.parameters();
    Optimizer optimizer = maker.make(parameters);
    for (int step = 0; step < golden.steps; step++) {
      try (var _ = new PointerScope()) {
        golden.backward(parameters, step);
        optimizer.step();
        assertClose(
            name + " step " + step, parameters.get(0), golden.expected.get("first").get(step));
      }
    }
    for (int i = 0; i < parameters.size(); i++) {
      assertClose(name + " parameter " + i, parameters.get(i), golden.expected.get("final").get(i));
      assertState(name, optimizer.state(parameters.get(i)), golden.expected.get("state").get(i));
    }
  }

  private static void assertState(String name, Map<String, Tensor> state, JsonNode expected) {
    assertThat(state.keySet())
        .as(name)
        .containsExactlyInAnyOrderElementsOf(() -> expected.fieldNames());
    state.forEach((key, tensor) -> assertClose(name + " " + key, tensor, expected.get(key)));
  }

  private static void assertClose(String what, Tensor found, JsonNode expected) {
    // Muon multiplies in bfloat16, whose rounding depends on the CPU's matrix instructions.
    float tolerance = what.startsWith("muon") ? 2e-3f : 2e-6f;
    float[] values = Golden.floats(found);
    float[] wanted = Golden.floats(expected);
    assertThat(values).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i])
          .as("%s [%d]", what, i)
          .isCloseTo(wanted[i], within(tolerance * Math.max(0.1f, Math.abs(wanted[i]))));
    }
  }
}
