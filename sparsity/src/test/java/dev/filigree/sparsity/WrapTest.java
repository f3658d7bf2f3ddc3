package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.ScoreShaper;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.LibtorchOptimizer;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What wrapping says and notices, for those who write their own loop. */
class WrapTest {
  private static final SparsityOptions COMPRESSED =
      SparsityOptions.defaults().execution(Execution.COMPRESSED);

  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static AlgorithmGroup compressedAndGrouped() {
    return AlgorithmGroup.empty()
        .with(new ParameterFilter(List.of("first.weight")), Static.recipe(0.9).build())
        .with(
            new ParameterFilter(List.of("second.weight")),
            Static.builder()
                .sparsity(0.9)
                .shaper(ScoreShaper.blocks(2, 2, ScoreShaper.Pool.MEAN))
                .build());
  }

  @Test
  void itSaysWhatIsCompressedAndWhyTheRestIsNot() {
    var network = new TinyNetwork();
    try (var sparse =
        Sparsity.wrap(
            network, network.adamW(), compressedAndGrouped(), SparsityOptions.defaults())) {
      SparseParameter second = sparse.parameters().getLast();
      assertThat(second.executionReason()).hasValue("its weights go and come in blocks");
      assertThat(sparse.toString()).contains("second.weight: its weights go and come in blocks");
    }
    try (var sparse =
        Sparsity.wrap(
            network, network.adamW(), AlgorithmGroup.of(Static.recipe(0.9).build()), COMPRESSED)) {
      assertThat(sparse).hasToString("2 sparse parameters compressed");
    }
    try (var sparse = MaskedTraining.wrap(network, network.adamW(), Static.recipe(0.9).build())) {
      assertThat(sparse)
          .hasToString(
              "2 sparse parameters masked (first.weight, second.weight: execution is masked)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt_neox.embed_in.weight",
        "embed_out.weight",
        "classifier.weight",
        "classifier.1.weight",
        "last_layer.weight",
        "lm_head.weight",
        "model.embed_tokens.weight",
        "transformer.wte.weight",
        "patch_embed.proj.weight",
        "vit.head.weight",
        "score.weight",
        "qa_outputs.weight",
        "encoder.embeddings.patch_embeddings.projection.weight"
      })
  void embeddingsAndHeadsAreDenseByDefault(String name) {
    assertThat(ParameterFilter.standard().matches(List.of(name), new long[] {4, 4})).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blocks.0.sa.heads.0.key.weight",
        "layers.0.self_attn.q_proj.weight",
        "gpt_neox.layers.0.mlp.dense_h_to_4h.weight",
        "headless.weight",
        "weight",
        "fc1.weight"
      })
  void otherMatricesAreSparseByDefault(String name) {
    assertThat(ParameterFilter.standard().matches(List.of(name), new long[] {4, 4})).isTrue();
  }

  private static Optimizer libtorch(TinyNetwork network) {
    return LibtorchOptimizer.of(
        new org.bytedeco.pytorch.AdamW(network.parameters(), new AdamWOptions(0.01)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stepsPastTheWrapperFailVerification(boolean libtorch) {
    var network = new TinyNetwork();
    Optimizer inner = libtorch ? libtorch(network) : network.adamW();
    network.train(inner, 0, 1); // before wrapping it is nobody's business
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(2)).build();
    try (var sparse = MaskedTraining.wrap(network, inner, algorithm)) {
      network.train(sparse, 1, 3);
      sparse.verify();
      network.train(inner, 3, 5);
      network.train(sparse, 5, 6);
      assertThatThrownBy(sparse::verify)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was stepped past it, 2 times")
          .hasMessageContaining("call step() of what Sparsity.wrap returned");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStepWithNanIsLeftOutAndCounted(boolean compressed) {
    var network = new TinyNetwork();
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(2)).build();
    SparsityOptions options = compressed ? COMPRESSED : MaskedTraining.MASKED;
    try (var sparse =
        Sparsity.wrap(
            network, network.adamW(), AlgorithmGroup.of(algorithm), options.skipNonFinite(true))) {
      network.train(sparse, 0, 3);
      Map<String, Tensor> before = network.snapshot(sparse);
      sparse.zeroGrad();
      network.backward(3);
      Tensor bias = requireNonNull(Tensors.namedParameters(network).get("first.bias"));
      bias.grad().fill_(new Scalar(Double.NaN));
      sparse.step();
      assertThat(TinyNetwork.equal(before, network.snapshot(sparse))).isTrue();
      assertThat(sparse.skippedSteps()).isEqualTo(1);
      assertThat(sparse.stepCount()).isEqualTo(3);
      network.train(sparse, 3, 5);
      assertThat(sparse.stepCount()).isEqualTo(5);
      assertThat(network.snapshot(sparse).values())
          .noneMatch(tensor -> tensor.isnan().any().item_bool());
      assertThat(sparse.state()).containsEntry("skipped", 1L);
    }
  }

  @Test
  void libtorchsOwnFormatRefusesACompressedModel() {
    var network = new TinyNetwork();
    try (var sparse =
        Sparsity.wrap(
            network, network.adamW(), AlgorithmGroup.of(Static.recipe(0.9).build()), COMPRESSED)) {
      assertThatThrownBy(() -> network.save(new OutputArchive()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("first is compressed")
          .hasMessageContaining("denseState");
      assertThat(Tensors.shape(requireNonNull(sparse.denseState(network).get("first.weight"))))
          .containsExactly(TinyNetwork.HIDDEN, TinyNetwork.INPUTS);
    }
    network.save(new OutputArchive());
  }

  /** Three layers that nobody initialises. */
  private static final class Forgotten extends Layer {
    private final Linear first = register("first", new Linear(20, 64, true));
    private final Linear second = register("second", new Linear(64, 64, true));
    private final Linear third = register("third", new Linear(64, 1, true));

    Tensor forward(Tensor x) {
      return third.forward(second.forward(first.forward(x).tanh()).tanh());
    }
  }

  @Test
  void aNetworkThatNobodyInitialisesTrains() {
    torch.manual_seed(3);
    var network = new Forgotten();
    Optimizer adam = new AdamW(network.parameters(), AdamW.options().lr(0.01));
    try (var sparse = Sparsity.wrap(network, adam, RigL.recipe(100, 0.8).build())) {
      Tensor x = torch.randn(64, 20);
      Tensor y = x.narrow(1, 0, 1).mul(x.narrow(1, 1, 1));
      double first = Double.NaN;
      double last = Double.NaN;
      for (int step = 0; step < 100; step++) {
        sparse.zeroGrad();
        Tensor loss = torch.mse_loss(network.forward(x), y);
        loss.backward();
        sparse.step();
        last = loss.item_double();
        first = step == 0 ? last : first;
      }
      sparse.verify();
      assertThat(last).isLessThan(first / 2);
    }
  }
}
