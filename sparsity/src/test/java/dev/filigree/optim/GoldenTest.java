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
        same("adamw", AdamW.options().lr(0.02), AdamW::new),
        decays("adamw-betas", AdamW.options().lr(0.02).betas(0.9, 0.95), AdamW::new),
        decays(
            "adamw-amsgrad", AdamW.options().lr(0.02).betas(0.5, 0.6).amsgrad(true), AdamW::new));
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
    float[] values = Golden.floats(found);
    float[] wanted = Golden.floats(expected);
    assertThat(values).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i])
          .as("%s [%d]", what, i)
          .isCloseTo(wanted[i], within(2e-6f * Math.max(0.1f, Math.abs(wanted[i]))));
    }
  }
}
