package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The files of configs/: each has a plan, its own numbers, and a line in the README. */
class ConfigsTest {
  private static final Path CONFIGS = Path.of("../configs");

  static Stream<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(CONFIGS)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  private static RunConfig read(String name) {
    return RunConfig.read(CONFIGS.resolve(name + ".yaml"), List.of());
  }

  private static RunPlan plan(String name) {
    return RunPlan.of(read(name));
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileHasAPlanWithoutNotesAndALineInTheReadme(Path file) throws IOException {
    RunConfig config = RunConfig.read(file, List.of());
    RunPlan plan = RunPlan.of(config);
    assertThat(plan.text()).contains("parameters");
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
    String name = CONFIGS.relativize(file).toString().replace('\\', '/');
    if (!name.startsWith("compare/")) { // whose rates are for the comparison to choose
      assertThat(plan.notes()).isEmpty();
    }
    assertThat(Files.readString(CONFIGS.resolve("README.md"))).contains("`" + name + "`");
  }

  @ParameterizedTest
  @CsvSource({"static", "set", "rigl", "granet"})
  void theSparseRunsOfThePostSeeTheTokensOfTheDenseOneInHalfTheBatch(String method) {
    for (String size : List.of("blog/llama2-1.3b-", "blog/twin-")) {
      RunPlan dense = plan(size + "dense");
      RunPlan sparse = plan(size + method);
      assertThat(sparse.samplesPerStep() * 2).isEqualTo(dense.samplesPerStep());
      assertThat(sparse.steps()).isEqualTo(2 * dense.steps());
      assertThat(sparse.tokens()).isEqualTo(dense.tokens());
      assertThat(sparse.parameters()).isEqualTo(dense.parameters());
      assertThat((double) sparse.keptSparseParameters() / sparse.sparseParameters())
          .isBetween(0.1999, 0.2);
      assertThat(sparse.layers())
          .filteredOn(RunPlan.Layer::isSparse)
          .allSatisfy(layer -> assertThat(layer.algorithm()).isEqualTo(method));
    }
    assertThat(plan("blog/llama2-1.3b-" + method).parameters()).isEqualTo(1_345_423_360);
    assertThat(plan("blog/llama2-1.3b-" + method).sparseParameters())
        .isEqualTo(24 * (4 * 2048L * 2048 + 3 * 2048L * 5504));
  }

  @Test
  void sparseIftMultipliesAsTheDenseNetwork() {
    long dense = 4 * (4 * 256L * 256 + 3 * 256L * 688);
    assertThat(plan("sparse-ift/wide-rigl75").keptSparseParameters()).isEqualTo(dense);
    assertThat((double) plan("sparse-ift/wide-static50").keptSparseParameters() / dense)
        .isBetween(1.0, 1.03);
    for (String size : List.of("_dense", "_static50", "_rigl75")) {
      RunConfig config =
          RunConfig.read(RunConfigTest.modelZoo("gpt3_125m_sparsewide-ift" + size), List.of());
      long kept =
          RunPlan.of(config).layers().stream()
              .filter(layer -> layer.name().matches(".*\\.(attn|mlp)\\..*weight"))
              .mapToLong(RunPlan.Layer::kept)
              .sum();
      assertThat(kept / (12 * 12 * 768.0 * 768)).as(size).isBetween(1.0, 1.011);
    }
  }

  @Test
  void theNetworksOfThePapersHaveTheirSizes() {
    assertThat(plan("gpt2-124m").parameters()).isEqualTo(124_439_808);
    assertThat(plan("gpt2-124m").tokensPerStep()).isEqualTo(480 * 1024);
    assertThat(plan("rigl-paper/lenet-300-100").parameters()).isEqualTo(266_610);
    assertThat(plan("rigl-paper/resnet50-rigl80").layers())
        .filteredOn(layer -> layer.shape().size() > 1)
        .hasSize(54);
  }

  @Test
  void denseFineTuningStartsFromTheSparseRunWithItsModel() {
    RunConfig pretraining = read("spdf/pretrain");
    RunConfig finetuning = read("spdf/finetune");
    assertThat(finetuning.model()).isEqualTo(pretraining.model());
    assertThat(finetuning.initialCheckpoint()).contains(Path.of("runs/spdf-sparse"));
    assertThat(finetuning.sparsity()).isEmpty();
    assertThat(pretraining.sparsity()).isPresent();
  }
}
