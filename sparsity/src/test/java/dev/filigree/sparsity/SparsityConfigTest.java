package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.schedule.Cosine;
import dev.filigree.schedule.Schedules;
import dev.filigree.schedule.UpdateSchedules;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.RigL;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SparsityConfigTest {
  private static final String RIGL =
      """
      sparsity: 0.75
      init_method: random
      algorithm: rigl
      drop_fraction:
        type: cosine    # as in the Model Zoo
        init: 0.3
        half_period: 3584
      update:
        freq: 100
        stop: 3584
      param_filter:
      - 'fc[12].weight'
      - '*out.weight'
      """;

  private static SparsityConfig read(String yaml) {
    return SparsityConfig.read(ConfigReader.parse(yaml, "run.yaml"));
  }

  private static Map<String, long[]> shapes() {
    var shapes = new LinkedHashMap<String, long[]>();
    shapes.put("embed_tokens.weight", new long[] {50, 10});
    shapes.put("fc1.weight", new long[] {10, 20});
    shapes.put("fc1.bias", new long[] {10});
    shapes.put("fc2.weight", new long[] {8, 10});
    shapes.put("mlp.out.weight", new long[] {4, 8});
    return shapes;
  }

  @Test
  void numberIsAStaticSparsityOfTheDefaultParameters() {
    SparsityConfig config = read("0.8");
    assertThat(config.plan(shapes(), Map.of(), 1000))
        .containsExactly(
            planned("fc1.weight", 10, 20, "static", 0.8, 40),
            planned("fc2.weight", 8, 10, "static", 0.8, 16),
            planned("mlp.out.weight", 4, 8, "static", 0.8, 6));
  }

  private static SparsityConfig.Planned planned(
      String name, long out, long in, String algorithm, double sparsity, long kept) {
    return new SparsityConfig.Planned(
        name, List.of(out, in), algorithm, sparsity, sparsity, kept, kept, false);
  }

  @Test
  void mapIsOneAlgorithmWithTheModelZoosKeys() {
    AlgorithmGroup.Entry entry = read(RIGL).build().entries().getFirst();
    assertThat(entry.algorithm()).isInstanceOf(RigL.class);
    assertThat(entry.filter().globs()).containsExactly("fc[12].weight", "*out.weight");
    AlgorithmSettings settings = entry.algorithm().settings();
    assertThat(settings.sparsity()).isEqualTo(Schedules.constant(0.75));
    assertThat(settings.dropFraction()).isEqualTo(new Cosine(0.3, 3584, 0, false));
    assertThat(settings.update()).isEqualTo(UpdateSchedules.every(100).until(3584));
  }

  @Test
  void listIsAGroupInWhichTheFirstMatchWins() {
    SparsityConfig config =
        read(
            """
            - {sparsity: 0.5, param_filter: '*out*'}
            - {type: set, schedule: 0.9}
            """);
    assertThat(config.plan(shapes(), Map.of(), 1000))
        .containsExactly(
            planned("mlp.out.weight", 4, 8, "static", 0.5, 16),
            planned("fc1.weight", 10, 20, "set", 0.9, 20),
            planned("fc2.weight", 8, 10, "set", 0.9, 8));
  }

  @Test
  void filtersKnowOtherNamesOfAParameter() {
    var otherNames = Map.of("fc2.weight", List.of("decoder.proj_q_dense_layer.weight"));
    assertThat(
            read("{sparsity: 0.5, param_filter: '*proj_[qkv]_dense_layer.weight'}")
                .plan(shapes(), otherNames, 10))
        .containsExactly(planned("fc2.weight", 8, 10, "static", 0.5, 40));
  }

  @Test
  void planCountsTheWeightsOfBlocksAndOfADelayedStart() {
    var shapes = Map.of("w", new long[] {8, 8});
    assertThat(read("{sparsity: 0.75, block: {rows: 2, columns: 4}}").plan(shapes, Map.of(), 10))
        .containsExactly(planned("w", 8, 8, "static", 0.75, 16));
    assertThat(
            read("{algorithm: rigl, sparsity: 0.75, update: {freq: 10, start: 20}}")
                .plan(shapes, Map.of(), 100))
        .containsExactly(
            new SparsityConfig.Planned("w", List.of(8L, 8L), "rigl", 0, 0.75, 64, 16, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.8",
        RIGL,
        "[{algorithm: gmp, sparsity: {type: linear, init: 0, slope: 1e-3}, param_filter: a.*},"
            + " {algorithm: set, sparsity: [0.1, 0.5], update: {steps: [3, 9]}}]",
        "{type: granet, schedule: {type: cubic, init_sparsity: 0.1, end_sparsity: 0.9,"
            + " sparsity_start_step: 0, sparsity_end_step: 100, prune_every_k_steps: 10}}",
        "{algorithm: rigl, sparsity: 0.5, n_of_m: '2:4', tie_break: random, distribution: erk,"
            + " init_method: topk}",
        "{sparsity: 0.5, balance_in_groups: 2, distribution: {'*out*': 0.9, '*': 0.1}}",
      })
  void whatIsWrittenIsReadBackEqual(String yaml) {
    SparsityConfig config = read(yaml);
    assertThat(SparsityConfig.of(config.toConfig())).isEqualTo(config);
    assertThat(read(config.toYaml())).isEqualTo(config).hasSameHashCodeAs(config);
  }

  @Test
  void yamlJsonAndAMapReadTheSame() {
    var map = new LinkedHashMap<String, Object>();
    map.put("algorithm", "set");
    map.put("sparsity", 0.9);
    map.put("update", Map.of("freq", 10));
    assertThat(SparsityConfig.of(map))
        .isEqualTo(read("{\"algorithm\": \"set\", \"sparsity\": 0.9, \"update\": {\"freq\": 10}}"))
        .isEqualTo(read("algorithm: set\nsparsity: 0.9\nupdate:\n  freq: 10\n"));
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        Arguments.of("high", "run.yaml:1: expected a number, a list of numbers or a map"),
        Arguments.of("1.5", "run.yaml:1: must lie in [0, 1], found 1.5"),
        Arguments.of("[]", "run.yaml:1: an empty list; give a number, a map or a list of maps"),
        Arguments.of("[0.5]", "run.yaml:1: 0: expected a map, found 0.5"),
        Arguments.of(
            "sparsity: 0.5\nalgoritm: rigl",
            "run.yaml:2: algoritm: unknown key; did you mean algorithm? allowed here: algorithm,"),
        Arguments.of(
            "sparsity: 0.5\nalgorithm: snip",
            "run.yaml:2: algorithm: unknown algorithm 'snip'; allowed: "
                + String.join(", ", Algorithms.names())),
        Arguments.of("algorithm: rigl", "run.yaml:1: 'sparsity' is missing"),
        Arguments.of(
            "algorithm: rigl\ntype: set\nsparsity: 1",
            "run.yaml:2: type: 'type' is another name for 'algorithm': give only one"),
        Arguments.of(
            "sparsity:\n  type: sine",
            "run.yaml:2: sparsity.type: unknown schedule 'sine'; allowed: constant, cosine, cubic"),
        Arguments.of(
            "sparsity: 0.5\ndrop_fraction: -0.1",
            "run.yaml:2: drop_fraction: must lie in [0, 1], found -0.1"),
        Arguments.of(
            "sparsity: {type: cosine, init: 0.5, half_period: 10, speed: 3}",
            "run.yaml:1: sparsity.speed: unknown key"),
        Arguments.of(
            "algorithm: gmp\nsparsity: 0.5",
            "run.yaml:2: sparsity: gradual pruning needs a sparsity that rises, found the constant"
                + " 0.5"),
        Arguments.of(
            "sparsity: 0.5\ninit_method: best",
            "run.yaml:2: init_method: unknown initial mask 'best'; allowed: checkerboard, "),
        Arguments.of(
            "sparsity: 0.5\nupdate: 5",
            "run.yaml:2: update: expected {freq, start, stop} or {steps: [..]}, found 5"),
        Arguments.of(
            "sparsity: 0.5\nupdate: {freq: 0}", "run.yaml:2: update: freq must be above 0"),
        Arguments.of(
            "sparsity: 0.5\nbalance_in_groups: 0",
            "run.yaml:2: balance_in_groups: must be at least 1, found 0"),
        Arguments.of(
            "sparsity: 0.5\nbalance_in_groups: 2\nn_of_m: '2:4'",
            "run.yaml:1: give at most one of balance_in_groups, balance_out_groups, n_of_m, block,"
                + " channel"),
        Arguments.of(
            "sparsity: 0.5\nn_of_m: '4:2'",
            "run.yaml:2: n_of_m: expected N:M with 1 <= N <= M, such as 2:4"),
        Arguments.of(
            "sparsity: 0.5\nblock: {rows: 2, columns: 2, pool: min}",
            "run.yaml:2: block.pool: allowed: mean, max; found the text 'min'"),
        Arguments.of("sparsity: 0.5\nchannel: all", "run.yaml:2: channel: allowed: rows, columns"),
        Arguments.of(
            "sparsity: 0.5\ntie_break: first",
            "run.yaml:2: tie_break: allowed: lower_index, random; found the text 'first'"),
        Arguments.of(
            "sparsity: 0.5\ndistribution: fair",
            "run.yaml:2: distribution: unknown distribution 'fair'; allowed: er, erk, global, uniform"),
        Arguments.of(
            "sparsity: 0.5\nparam_filter:\n- fc1.weight\n- {a: b}",
            "run.yaml:4: param_filter.1: expected a single value, found a map"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void mistakeIsOneLineWithFileLineKeyAndWhatIsAllowed(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(message)
        .satisfies(e -> assertThat(e).message().hasLineCount(1));
  }

  @Test
  void patternThatMatchesNothingIsAnErrorWithItsPlace() {
    assertThatThrownBy(
            () -> read("sparsity: 0.5\nparam_filter: [fc1.*, fc9.*]").plan(shapes(), Map.of(), 1))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "run.yaml:2: param_filter: the pattern 'fc9.*' matches no parameter; the parameters"
                + " are [embed_tokens.weight, fc1.weight, fc1.bias, fc2.weight, mlp.out.weight]");
    assertThatThrownBy(() -> read("0.5").plan(Map.of("bias", new long[] {3}), Map.of(), 1))
        .hasMessage("run.yaml:1: no parameter is sparse by default; the parameters are [bias]");
  }

  @Test
  void fileMakesAModelSparse(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("sparsity.yaml");
    Files.writeString(file, "algorithm: rigl\nsparsity: 0.8\nparam_filter: second.*\n");
    try (var _ = new PointerScope()) {
      var network = new TinyNetwork();
      try (var optimizer = Sparsity.fromYaml(file, network, network.adamW())) {
        assertThat(optimizer.parameters())
            .singleElement()
            .hasToString("second.weight[10, 40] 80 kept");
        network.train(optimizer, 0, 2);
        optimizer.verify();
      }
      Files.writeString(file, "sparsity: 0.8\nparam_filter: third.*\n");
      assertThatThrownBy(() -> Sparsity.fromYaml(file, network, network.adamW()))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith(file + ":2: param_filter: the pattern 'third.*' matches no");
    }
  }
}
