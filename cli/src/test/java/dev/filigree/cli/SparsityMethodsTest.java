package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SparsityMethodsTest {
  static Stream<Arguments> runs() {
    return LongStream.of(2, 7, 100, 600, 12_345)
        .boxed()
        .flatMap(
            steps ->
                SparsityMethods.NAMES.stream()
                    .filter(name -> !name.equals("dense"))
                    .map(name -> Arguments.of(name, steps)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyMethodEndsAtTheSameSparsityInTheSameParameters(String method, long steps) {
    var overrides = List.of("loop.max_steps=" + steps, "sparsity=0.9");
    SparsityMethods methods = SparsityMethods.of(RunConfig.defaults(overrides));
    RunPlan plan =
        RunPlan.of(
            RunConfig.defaults(
                List.of(overrides.get(0), overrides.get(1), methods.override(method))));
    List<RunPlan.Layer> sparse = plan.layers().stream().filter(RunPlan.Layer::isSparse).toList();
    assertThat(sparse)
        .extracting(RunPlan.Layer::name)
        .containsExactlyElementsOf(methods.parameters());
    assertThat(sparse)
        .allSatisfy(
            layer -> {
              assertThat(layer.algorithm()).isEqualTo(method);
              assertThat(layer.finalSparsity()).isCloseTo(0.9, within(1e-12));
            });
  }

  @Test
  void denseHasNoSparseParameter() {
    SparsityMethods methods = SparsityMethods.of(RunConfig.defaults(List.of()));
    RunPlan plan = RunPlan.of(RunConfig.defaults(List.of(methods.override("dense"))));
    assertThat(plan.layers()).noneMatch(RunPlan.Layer::isSparse);
  }

  @Test
  void aDenseConfigurationIsComparedAtEightyPercent() {
    SparsityMethods methods = SparsityMethods.of(RunConfig.defaults(List.of("sparsity=none")));
    assertThat(methods.sparsity()).isEqualTo(0.8);
    RunConfig config = RunConfig.defaults(List.of(methods.override("static")));
    assertThat(RunPlan.of(config).layers()).anyMatch(RunPlan.Layer::isSparse);
  }

  @Test
  void anUnknownMethodIsNamedWithThoseThatAreAllowed() {
    SparsityMethods methods = SparsityMethods.of(RunConfig.defaults(List.of()));
    assertThatThrownBy(() -> methods.override("magic"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("'magic'")
        .hasMessageContaining("granet");
  }
}
