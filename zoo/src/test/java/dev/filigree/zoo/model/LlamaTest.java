package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class LlamaTest {
  private static final Map<String, Object> TINY =
      Map.of(
          "vocab_size", 50,
          "hidden_size", 32,
          "intermediate_size", 48,
          "num_hidden_layers", 2,
          "num_attention_heads", 4,
          "num_key_value_heads", 2,
          "max_position_embeddings", 16);

  private static LlamaConfig tiny(Object... changes) {
    var config = new HashMap<>(TINY);
    for (int i = 0; i < changes.length; i += 2) {
      config.put(changes[i].toString(), changes[i + 1]);
    }
    return LlamaConfig.of(config);
  }

  @Test
  void llama2With7BillionParametersIsCountedWithoutAllocatingIt() {
    LlamaConfig config = LlamaConfig.of(Map.of("model_type", "llama"));

    assertThat(config.parameterCount()).isEqualTo(6_738_415_616L);
    assertThat(config.parameters())
        .extracting(ParameterSpec::modelZooName)
        .contains(
            "embedding_layer.word_embeddings.weight",
            "transformer_decoder.layers.31.self_attn.proj_q_dense_layer.weight",
            "transformer_decoder.layers.31.self_attn.proj_output_dense_layer.weight",
            "transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight",
            "transformer_decoder.layers.0.ffn.ffn.0.linear_layer_for_glu.weight",
            "transformer_decoder.layers.0.ffn.ffn.1.linear_layer.weight",
            "lm_head.weight");
  }

  @Test
  void initialWeightsDependOnSeedAndNameAlone() {
    Map<String, Tensor> two = Tensors.namedParameters(tiny().create(1));
    Map<String, Tensor> three = Tensors.namedParameters(tiny("num_hidden_layers", 3).create(1));
    Map<String, Tensor> other = Tensors.namedParameters(tiny().create(2));

    assertThat(two).isNotEmpty();
    two.forEach((key, value) -> assertThat(value.equal(three.get(key))).as(key).isTrue());
    String name = "model.layers.0.self_attn.q_proj.weight";
    Tensor query = Objects.requireNonNull(two.get(name));
    assertThat(query.equal(other.get(name))).isFalse();
    assertThat(query.std().item_double()).isCloseTo(0.02, within(2e-3));
  }

  @Test
  void aTokenDoesNotSeeTheFuture() {
    Llama model = tiny().allocate();
    model.initialize(3);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor before = model.logits(tokens(1, 2, 3, 4, 5)).narrow(1, 0, 3);
      Tensor after = model.logits(tokens(1, 2, 3, 40, 30)).narrow(1, 0, 3);

      assertThat(before.sub(after).abs().max().item_double()).isLessThan(1e-6);
    }
  }

  @Test
  void withASlidingWindowOnlyTheLastTokensAreSeen() {
    Llama model =
        new Llama(tiny("model_type", "mistral", "sliding_window", 2, "num_hidden_layers", 1), 3);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor first = model.logits(tokens(1, 2, 3, 4, 5)).select(1, 4);
      Tensor farChanged = model.logits(tokens(1, 2, 9, 4, 5)).select(1, 4);
      Tensor nearChanged = model.logits(tokens(1, 2, 3, 9, 5)).select(1, 4);

      assertThat(first.sub(farChanged).abs().max().item_double()).isLessThan(1e-6);
      assertThat(first.sub(nearChanged).abs().max().item_double()).isGreaterThan(1e-4);
    }
  }

  @Test
  void positionsWithoutAMaskedLossDoNotCount() {
    Llama model = new Llama(tiny(), 3);
    Tensor inputs = tokens(1, 2, 3, 4);
    Tensor labels = tokens(2, 3, 4, 5);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      double firstTwo =
          model.loss(new Batch(inputs.narrow(1, 0, 2), labels.narrow(1, 0, 2), null)).item_double();
      Tensor mask = torch.tensor(1, 1, 0, 0).reshape(1, 4);
      assertThat(model.loss(new Batch(inputs, labels, mask)).item_double())
          .isCloseTo(firstTwo, within(1e-6));

      Tensor ignored = labels.clone();
      ignored.narrow(1, 2, 2).fill_(new Scalar(-100L));
      assertThat(model.loss(new Batch(inputs, ignored, null)).item_double())
          .isCloseTo(firstTwo, within(1e-6));
      assertThat(model.loss(new Batch(inputs, ignored, mask)).item_double())
          .isCloseTo(firstTwo, within(1e-6));
      assertThat(model.loss(new Batch(inputs, labels, torch.zeros(1, 4))).item_double()).isZero();
    }
  }

  @Test
  void halfPrecisionComputesNearlyTheSame() {
    Llama model = new Llama(tiny("initializer_range", 0.1), 3);
    Tensor inputs = tokens(1, 2, 3, 4);
    var batch = new Batch(inputs, tokens(2, 3, 4, 5), null);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      double loss = model.loss(batch).item_double();
      model.to(ScalarType.BFloat16, false);

      assertThat(Tensors.type(model.logits(inputs))).isEqualTo(ScalarType.BFloat16);
      assertThat(model.loss(batch).item_double()).isCloseTo(loss, within(0.02));
    }
  }

  @Test
  void dropoutActsInTrainingOnly() {
    LlamaConfig config = tiny("attention_dropout", 0.5);
    Llama model = new Llama(config, 3);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor input = tokens(1, 2, 3, 4, 5, 6);
      assertThat(model.logits(input).equal(model.logits(input))).isFalse();
      model.eval();
      assertThat(model.logits(input).equal(model.logits(input))).isTrue();
    }
  }

  @Test
  void greedyGenerationIsWhatTheWholeContextSays() {
    Llama model = new Llama(tiny("initializer_range", 0.5), 5);
    List<Long> prompt = List.of(3L, 1L, 4L);

    List<Long> generated = new Generator(model, 0, 0).generate(prompt, 13);

    assertThat(generated).hasSize(13);
    var text = new ArrayList<>(prompt);
    for (long token : generated) {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard()) {
        long[] ids = text.stream().mapToLong(Long::longValue).toArray();
        Tensor last = model.logits(tokens(ids)).select(1, -1);
        assertThat(last.argmax().item_long()).isEqualTo(token);
      }
      text.add(token);
    }
  }

  @Test
  void generationGoesOnPastTheContextLengthAndStopsAtAnEndToken() {
    Llama model = new Llama(tiny("initializer_range", 0.5), 5);
    List<Long> hundred = new Generator(model, 1, 7).generate(List.of(3L), 100);

    assertThat(hundred).hasSize(100);
    assertThat(new Generator(model, 1, 7).generate(List.of(3L), 100)).isEqualTo(hundred);
    assertThat(new Generator(model, 1, 8).generate(List.of(3L), 100)).isNotEqualTo(hundred);

    long end = hundred.get(10);
    Llama stopping = new Llama(tiny("initializer_range", 0.5, "eos_token_id", end), 5);
    assertThat(new Generator(stopping, 1, 7).generate(List.of(3L), 100))
        .isEqualTo(hundred.subList(0, hundred.indexOf(end) + 1));
  }

  @Test
  void promptsOutsideTheVocabularyAreRefused() {
    Llama model = new Llama(tiny(), 5);

    assertThatThrownBy(() -> new Generator(model, 0, 0).generate(List.of(50L), 1))
        .hasMessage("token 50 of the prompt is not in the network's vocabulary of 50");
  }

  @Test
  void theModelAndItsParametersOutliveTheScopeTheyAreMadeIn() {
    Llama model;
    try (var _ = new PointerScope()) {
      model = new Llama(tiny(), 5);
      try (var _ = new PointerScope()) {
        model.logits(tokens(1, 2));
      }
    }
    try (var _ = new PointerScope()) {
      model.logits(tokens(1, 2, 3)).sum().backward();
      assertThat(Tensors.namedParameters(model).values())
          .allSatisfy(parameter -> assertThat(parameter.grad().defined()).isTrue());
    }
  }

  private static Tensor tokens(long... ids) {
    return torch.tensor(ids).reshape(1, -1);
  }
}
