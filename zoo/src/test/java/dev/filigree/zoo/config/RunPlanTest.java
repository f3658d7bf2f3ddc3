package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunPlanTest {
  private static RunPlan plan(String name, String... overrides) {
    return RunPlan.of(RunConfig.read(RunConfigTest.modelZoo(name), List.of(overrides)));
  }

  @ParameterizedTest
  @CsvSource({
    "gpt3_125m_rigl75, 125226240",
    "gpt3_6p7b_vspdf_phase2, 6658404352",
    "llama2_7b, 6738415616"
  })
  void theParametersOfAKnownModelAreCounted(String name, long parameters) {
    assertThat(plan(name).parameters()).isEqualTo(parameters);
  }

  @Test
  void filtersMatchModelZooNames() {
    RunPlan plan = plan("gpt3_125m_rigl75");
    // q, k, v, output: 768 × 768; two of 768 × 3072; twelve layers; a quarter of them kept.
    assertThat(plan.sparseParameters()).isEqualTo(84_934_656);
    assertThat(plan.keptSparseParameters()).isEqualTo(21_233_664);
    assertThat(plan.layers().stream().filter(RunPlan.Layer::isSparse)).hasSize(72);
    assertThat(plan.keptParameters()).isEqualTo(125_226_240 - 84_934_656 + 21_233_664);
  }

  @Test
  void filtersMatchHuggingFaceNames() {
    RunPlan plan =
        plan("llama2_7b", "sparsity={sparsity: 0.5, param_filter: '*.mlp.*_proj.weight'}");
    assertThat(plan.layers().stream().filter(RunPlan.Layer::isSparse)).hasSize(96);
    assertThat(plan.keptSparseParameters()).isEqualTo(32L * 3 * 4096 * 11008 / 2);
  }

  @Test
  void aFilterThatMatchesNothingIsAnError() {
    assertThatThrownBy(() -> plan("llama2_7b", "sparsity={sparsity: 0.5, param_filter: '*.conv'}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("param_filter")
        .hasMessageContaining("'*.conv'");
  }

  @Test
  void stepsAndTokensFollowFromTheLoopAndTheData() {
    RunPlan plan =
        RunPlan.of(
            RunConfig.defaults(
                List.of(
                    "loop.max_steps=100",
                    "loop.grad_accum_steps=2",
                    "train_dataloader.batch_size=4",
                    "train_dataloader.max_sequence_length=32")));
    assertThat(plan.samplesPerStep()).isEqualTo(8);
    assertThat(plan.tokensPerStep()).isEqualTo(256);
    assertThat(plan.tokens()).isEqualTo(25_600);
  }

  @Test
  void compressedMemoryFollowsTheKeptWeights() {
    RunPlan plan = plan("gpt3_125m_rigl75");
    assertThat(plan.masked().weights()).isEqualTo(4 * plan.parameters());
    assertThat(plan.masked().optimizerState()).isEqualTo(8 * plan.parameters());
    assertThat(plan.masked().masks()).isEqualTo(4 * plan.sparseParameters());
    assertThat(plan.compressed().weights()).isEqualTo(4 * plan.keptParameters());
    assertThat(plan.compressed().masks()).isEqualTo(17 * plan.keptSparseParameters() / 2);
  }

  @Test
  void agesOfWeightsTakeTwoBytesEach() {
    RunPlan without = plan("gpt3_125m_rigl75");
    RunPlan plan = plan("gpt3_125m_rigl75", "sparsity.regrown={age: own, warmup: 100}");
    long kept = 2 * plan.keptSparseParameters();
    assertThat(plan.dense()).isEqualTo(without.dense());
    assertThat(plan.masked().ages()).isEqualTo(2 * plan.sparseParameters());
    assertThat(plan.compressed().ages()).isEqualTo(kept);
    assertThat(plan.compressed().total()).isEqualTo(without.compressed().total() + kept);
    assertThat(plan.disk().each()).isEqualTo(without.disk().each() + kept);
    assertThat(plan.text()).contains("masks 180.5 MB, ages 42.5 MB; without activations");
    assertThat(without.text()).doesNotContain("ages ");
  }

  @Test
  void onAGpuPositionsAreNumbersOf4Bytes() {
    RunPlan plan = plan("gpt3_125m_rigl75", "backend.backend_type=cuda");
    assertThat(plan.dense().total()).isEqualTo(16 * plan.parameters());
    assertThat(plan.masked().masks()).isEqualTo(plan.sparseParameters());
    assertThat(plan.compressed().masks())
        .isEqualTo(4 * plan.keptSparseParameters() + 2 * 768 * 3072);
    assertThat(plan.text()).contains("GPU        dense 2003.6 MB: weights 500.9 MB");
    assertThat(plan.text()).contains("host       154.4 MB, the largest parameter");
  }

  @Test
  void checkpointsOfKeptWeightsTakeLessOnDisk() {
    RunPlan dense = plan("gpt3_125m_rigl75", "checkpoint={steps: 100, keep: 2}");
    RunPlan compressed =
        plan("gpt3_125m_rigl75", "checkpoint={steps: 100, keep: 2, weights: compressed}");
    long masks = dense.sparseParameters() / 8;
    assertThat(dense.disk().each())
        .isEqualTo(4 * dense.parameters() + 8 * dense.keptParameters() + masks);
    assertThat(compressed.disk().each()).isEqualTo(12 * dense.keptParameters() + masks);
    // Two that stay, the best one, and the one that is written.
    assertThat(compressed.disk().total()).isEqualTo(4 * compressed.disk().each());
    assertThat(plan("llama2_7b", "checkpoint={steps: 0}").disk().checkpoints()).isEqualTo(1);
  }

  @Test
  void theTextShowsTotalsLayersAndNotes() {
    assertThat(plan("gpt3_125m_rigl75").text())
        .contains("125,226,240 parameters")
        .contains("75.00 %")
        .contains("transformer.h.11.mlp.c_fc.weight")
        .contains("note: ")
        .contains("rigl");
  }
}
