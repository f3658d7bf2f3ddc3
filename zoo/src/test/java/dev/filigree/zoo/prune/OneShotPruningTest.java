package dev.filigree.zoo.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigReader;
import dev.filigree.sparsity.oneshot.LayerInputs;
import dev.filigree.sparsity.oneshot.MagnitudePruning;
import dev.filigree.sparsity.oneshot.OneShotAlgorithm;
import dev.filigree.sparsity.oneshot.PrunedWeight;
import dev.filigree.sparsity.oneshot.PruningTarget;
import dev.filigree.sparsity.oneshot.SparseGpt;
import dev.filigree.sparsity.oneshot.Wanda;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Llama;
import dev.filigree.zoo.model.LlamaConfig;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.model.Models;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OneShotPruningTest {
  private static final String FIRST = "model.layers.0.self_attn.q_proj.weight";
  private static final String SIZES =
      "vocab_size: 32, hidden_size: 16, num_hidden_layers: 2, num_heads: 2, filter_size: 24,"
          + " max_position_embeddings: 12, dropout_rate: 0.5";

  private static Llama llama() {
    return new Llama(
        LlamaConfig.of(
            Map.of(
                "vocab_size", 32,
                "hidden_size", 16,
                "num_hidden_layers", 2,
                "num_attention_heads", 2,
                "intermediate_size", 24)));
  }

  private static Tensor weight(Model model, String name) {
    return at(Tensors.namedParameters(model), name);
  }

  private static Tensor at(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private static List<Tensor> samples() {
    torch.manual_seed(4);
    var samples = new ArrayList<Tensor>();
    for (int i = 0; i < 6; i++) {
      samples.add(torch.randint(32, new long[] {1, 10}).to(ScalarType.Long));
    }
    return samples;
  }

  /** Writes down what each layer saw, and prunes all of it or nothing. */
  private record Recorder(boolean prunesAll, Map<String, Tensor> seen) implements OneShotAlgorithm {
    @Override
    public boolean needsInputs() {
      return true;
    }

    @Override
    public PrunedWeight prune(
        String name, Tensor weight, LayerInputs inputs, PruningTarget target) {
      seen.put(name, inputs.gram().clone().retainReference());
      return prunesAll
          ? new PrunedWeight(torch.zeros_like(weight), torch.zeros_like(weight).to(ScalarType.Bool))
          : new PrunedWeight(weight.clone(), torch.ones_like(weight).to(ScalarType.Bool));
    }
  }

  private static Map<String, Tensor> seen(boolean prunesAll) {
    var recorder = new Recorder(prunesAll, new LinkedHashMap<>());
    new OneShotPruning(llama(), recorder, PruningTarget.of(0.5)).byInputs(samples());
    return recorder.seen;
  }

  @Test
  void aBlockSeesWhatThePrunedBlocksBeforeItMakeOfTheSamples() {
    // Blocks of zeros add nothing to the residual stream: the second one sees what the first saw.
    Map<String, Tensor> pruned = seen(true);
    Tensor first = at(pruned, "model.layers.0.self_attn.q_proj.weight");
    Tensor second = at(pruned, "model.layers.1.self_attn.q_proj.weight");
    assertThat(torch.allclose(first, second)).isTrue();

    Map<String, Tensor> whole = seen(false);
    assertThat(torch.allclose(first, at(whole, "model.layers.0.self_attn.q_proj.weight"))).isTrue();
    assertThat(torch.allclose(second, at(whole, "model.layers.1.self_attn.q_proj.weight")))
        .isFalse();
  }

  @Test
  void everyLayerOfABlockSeesItsOwnInputOfAllTokens() {
    Map<String, Tensor> seen = seen(false);
    assertThat(seen).hasSize(14);
    Tensor query = at(seen, "model.layers.0.self_attn.q_proj.weight");
    // what RMS norm makes of 60 tokens has a mean square of one
    assertThat(query.trace().item_double()).isBetween(60 * 16 * 0.9, 60 * 16 * 1.001);
    for (String shared : List.of("k_proj", "v_proj")) {
      Tensor gram = at(seen, "model.layers.0.self_attn." + shared + ".weight");
      assertThat(gram.equal(query)).as(shared).isTrue();
    }
    Tensor output = at(seen, "model.layers.0.self_attn.o_proj.weight");
    assertThat(torch.allclose(output, query)).isFalse();
    assertThat(Tensors.shape(at(seen, "model.layers.0.mlp.down_proj.weight")))
        .containsExactly(24, 24);
  }

  /** The reported error is that of the outputs, computed here from the layer's own inputs. */
  @Test
  void theOutputErrorIsThatOfTheFirstLayersOutputs() {
    Llama model = llama();
    Tensor before = weight(model, FIRST).clone();
    Tensor embedded =
        weight(model, "model.embed_tokens.weight")
            .index_select(
                0, torch.cat(new TensorVector(samples().toArray(Tensor[]::new)), 1).flatten());
    Tensor meanSquare = embedded.square().mean(new long[] {1}).unsqueeze(1);
    Tensor x = embedded.div(meanSquare.add(new Scalar(model.config().normEpsilon())).sqrt());
    PrunedNetwork pruned =
        new OneShotPruning(model, new Wanda(), PruningTarget.of(0.5)).byInputs(samples());
    Tensor after = weight(model, FIRST);
    double expected =
        x.matmul(after.sub(before).t()).norm().item_double()
            / x.matmul(before.t()).norm().item_double();
    PrunedLayer layer = pruned.layers().getFirst();
    assertThat(layer.name()).isEqualTo(FIRST);
    assertThat(layer.outputError().getAsDouble()).isCloseTo(expected, within(1e-4));
    assertThat(layer.sparsity()).isEqualTo(0.5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name: llama, position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu",
        "name: gpt2, position_embedding_type: learned",
        "name: gpt_neox, position_embedding_type: rotary, rotary_dim: 4,"
            + " use_untied_layer_norm: true"
      })
  void allLinearLayersOfTheBlocksArePrunedAndNothingElse(String keys) {
    Model model =
        Models.fromModelZoo(
                ConfigReader.parse("{" + keys + ", " + SIZES + "}", "test").asMap(),
                new ArrayList<>())
            .create(1);
    Map<String, Tensor> before = new LinkedHashMap<>();
    Tensors.namedParameters(model).forEach((name, tensor) -> before.put(name, tensor.clone()));
    assertThat(model.is_training()).isTrue();
    PrunedNetwork pruned =
        new OneShotPruning(model, new SparseGpt(), PruningTarget.of(0.75)).byInputs(samples());
    assertThat(model.is_training()).isTrue();
    assertThat(pruned.sparsity()).isEqualTo(0.75);
    Tensors.namedParameters(model)
        .forEach(
            (name, tensor) -> {
              boolean linear = tensor.dim() == 2 && name.matches(".*\\.\\d+\\..*");
              assertThat(pruned.masks().containsKey(name)).as(name).isEqualTo(linear);
              if (linear) {
                assertThat(
                        tensor
                            .ne(new Scalar(0.0))
                            .equal(Objects.requireNonNull(pruned.masks().get(name))))
                    .isTrue();
              } else {
                assertThat(tensor.equal(Objects.requireNonNull(before.get(name))))
                    .as(name)
                    .isTrue();
              }
            });
    assertThat(
            model instanceof LanguageModel language
                && language.logits(samples().getFirst()).isfinite().all().item_bool())
        .isTrue();
  }

  @Test
  void aNetworkWithoutBlocksIsPrunedByMagnitudeOnly() {
    Model model =
        Models.fromModelZoo(
                ConfigReader.parse(
                        "{name: fc_mnist, hidden_sizes: [12, 8], input_size: 16}", "test")
                    .asMap(),
                new ArrayList<>())
            .create(1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new OneShotPruning(model, new Wanda(), PruningTarget.of(0.5)).byInputs(samples()))
        .withMessageContaining("cannot be calibrated; llama");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OneShotPruning(model, new Wanda(), PruningTarget.of(0.5)).byWeights())
        .withMessageContaining("samples");
    PrunedNetwork pruned =
        new OneShotPruning(model, new MagnitudePruning(), PruningTarget.of(0.5)).byWeights();
    assertThat(pruned.sparsity()).isEqualTo(0.5);
    assertThat(pruned.layers()).allMatch(layer -> layer.outputError().isEmpty());
  }

  @Test
  void whatThePatternDoesNotFitIsRefusedBeforeAnythingIsChanged() {
    Llama model = llama();
    Tensor before = weight(model, FIRST).clone();
    var target = PruningTarget.of(PruningTarget.Pattern.of("1:16")); // of 24 inputs below
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OneShotPruning(model, new Wanda(), target).byInputs(samples()))
        .withMessageContaining("mlp.down_proj.weight");
    assertThat(weight(model, FIRST).equal(before)).isTrue();
  }
}
