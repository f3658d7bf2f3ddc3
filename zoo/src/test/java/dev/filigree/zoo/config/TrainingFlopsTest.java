package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Operations counted by hand: a network of two masked layers, 10 x 10 and 8 x 10, and a dense one,
 * 5 x 8, that sees 4 pictures a step. At a sparsity of 50 % 90 of the 180 weights exist; a step
 * then takes 6 · 40 + 6 · 90 = 780 operations a picture, and 2 · 90 = 180 more where it needs all
 * gradients. Dense it takes 6 · 220 = 1320.
 */
class TrainingFlopsTest {
  private static final double STEP = 780;
  private static final double GRADIENTS = 180;
  private static final double DENSE = 1320;
  private static final int PICTURES = 4;

  private static RunConfig run(String sparsity, int steps) {
    String yaml =
        """
        trainer:
          init:
            model: {name: fc_mnist, input_size: 10, hidden_sizes: [10, 8], num_classes: 5}
            loop: {max_steps: %d}
            sparsity: %s
          fit:
            train_dataloader: {data_processor: MnistDataProcessor, data_dir: none, batch_size: 4}
        """
            .formatted(steps, sparsity);
    return RunConfig.parse(yaml, "by hand", List.of());
  }

  private static TrainingFlops of(String sparsity) {
    return TrainingFlops.of(run(sparsity, 20));
  }

  private static void assertEvidence(String sparsity, double expected) {
    TrainingFlops flops = of(sparsity);
    assertThat(flops.evidenceAt(20, PICTURES)).isEqualTo(expected);
    assertThat(flops.at(20, PICTURES)).isEqualTo(20 * PICTURES * STEP + expected);
  }

  @Test
  void aDenseStepTakesSixOperationsAWeight() {
    TrainingFlops flops = of("none");
    assertThat(flops.at(20, PICTURES)).isEqualTo(20 * PICTURES * DENSE);
    assertThat(flops.perPosition()).isEqualTo(DENSE);
  }

  @Test
  void staticSetAndDsrNeedNoGradientsOfWeightsThatDoNotExist() {
    String update = "sparsity: 0.5, update: {freq: 5}, drop_fraction: 0.3";
    for (String algorithm : List.of("set", "dsr")) {
      assertEvidence("{algorithm: %s, %s}".formatted(algorithm, update), 0);
    }
    assertEvidence("0.5", 0);
  }

  @Test
  void riglNeedsAllGradientsInTheStepBeforeEachUpdate() {
    // Updates after steps 5, 10 and 15: "stop" itself has none.
    String rigl = "{algorithm: rigl, sparsity: 0.5, update: {freq: 5, stop: 20}%s}";
    assertEvidence(rigl.formatted(""), 3 * PICTURES * GRADIENTS);
    assertEvidence(rigl.formatted(", gradient_steps: 2"), 3 * 2 * PICTURES * GRADIENTS);
    // Eight steps before an update are more than there are between two: steps 1 to 15.
    assertEvidence(rigl.formatted(", gradient_steps: 8"), 15 * PICTURES * GRADIENTS);
    assertEvidence(rigl.formatted("").replace("rigl", "srigl"), 3 * PICTURES * GRADIENTS);
  }

  @Test
  void operationsAreThoseOfTheStepsMade() {
    TrainingFlops flops = of("{algorithm: rigl, sparsity: 0.5, update: {freq: 5, stop: 20}}");
    assertThat(flops.at(0, PICTURES)).isZero();
    assertThat(flops.at(4, 1)).isEqualTo(4 * STEP);
    assertThat(flops.at(5, 1)).isEqualTo(5 * STEP + GRADIENTS);
    assertThat(flops.at(9, 1)).isEqualTo(9 * STEP + GRADIENTS);
  }

  @Test
  void snfsNeedsAllGradientsInEveryStep() {
    assertEvidence(
        "{algorithm: snfs, sparsity: 0.5, update: {freq: 5, stop: 20}, drop_fraction: 0.5}",
        20 * PICTURES * GRADIENTS);
  }

  @Test
  void topKastComputesTheGradientsOfItsSetB() {
    // B is 80 % of the 180 weights: 144, of which 90 exist.
    assertEvidence(
        "{algorithm: top_kast, sparsity: 0.5, backward_sparsity: 0.2, update: {freq: 5}}",
        20 * PICTURES * 2 * (144 - 90));
  }

  @Test
  void aStraightThroughEstimatorComputesAllGradients() {
    for (String name : List.of("magnitude_ste", "sr_ste", "top_k")) {
      assertEvidence(
          "{algorithm: %s, sparsity: 0.5, init_method: topk}".formatted(name),
          20 * PICTURES * GRADIENTS);
    }
  }

  @Test
  void passesThatChooseFirstMasksAreThroughTheDenseNetwork() {
    String init = "{sparsity: 0.5, init_method: %s}";
    assertEvidence(init.formatted("snip"), PICTURES * DENSE);
    assertEvidence(init.formatted("{type: snip, batches: 4}"), 4 * PICTURES * DENSE);
    assertEvidence(init.formatted("{type: grasp, batches: 2}"), 3 * 2 * PICTURES * DENSE);
    // A single picture for each of 100 prunings.
    assertEvidence(init.formatted("synflow"), 100 * DENSE);
  }

  @Test
  void aSparsityThatRisesCountsWhatExistsInEachStep() {
    // Dense up to step 10; then 90 of 180 weights, then 45.
    TrainingFlops flops =
        of("{algorithm: gmp, sparsity: [0.5, 0.75], update: {start: 10, freq: 5, stop: 20}}");
    var steps = new ArrayList<Double>();
    for (int step = 1; step <= 20; step++) {
      steps.add(flops.at(step, 1) - flops.at(step - 1, 1));
    }
    assertThat(steps.subList(0, 10)).containsOnly(DENSE);
    assertThat(steps.subList(10, 15)).containsOnly(STEP);
    assertThat(steps.subList(15, 20)).containsOnly(6 * (40 + 45.0));
  }

  @Test
  void aDecoderCountsAttentionAndItsLogitsButNoLookUp() {
    // Per layer 4 · 8·8 of attention and 3 · 8·16 of the feed-forward layer, 2 · 8·256 at both
    // ends,
    // of which only the logits are a product; attention over 32 positions.
    String yaml =
        """
        trainer:
          init:
            model:
              {name: llama, vocab_size: 256, hidden_size: 8, num_hidden_layers: 2, num_heads: 2, filter_size: 16,
               max_position_embeddings: 64, position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu,
               use_projection_bias_in_attention: false, use_ffn_bias_in_attention: false, use_ffn_bias: false,
               share_embedding_weights: false, dropout_rate: 0.0}
            loop: {max_steps: 10}
          fit:
            train_dataloader:
              {data_processor: TextDataProcessor, data_dir: none, tokenizer: bytes, max_sequence_length: 32, batch_size: 1}
        """;
    double expected = 6 * (2 * (4 * 64 + 3 * 128) + 8 * 256 + 2 * 8 * 32);
    assertThat(TrainingFlops.of(RunConfig.parse(yaml, "by hand", List.of())).perPosition())
        .isEqualTo(expected, within(1e-6));
  }
}
