package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.data.Percentage;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our networks compute what Hugging Face's transformers computes. */
class HuggingFaceParityTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama-mha", "llama-gqa-tied", "gpt2", "neox"})
  void lossAndLogitsAreThoseOfTransformers(String name) {
    GoldenModel golden = GoldenModel.read(name);
    assertThat(golden.notes()).isEmpty();
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      assertThat(golden.model().loss(golden.batch()).item_double())
          .isCloseTo(golden.expected().get("loss").asDouble(), within(1e-5));
      Tensor logits = golden.model().logits(golden.tokens()); // [batch, sequence, vocabulary]
      Tensor last = logits.select(0, 0).select(0, -1);
      JsonNode expected = golden.expected().get("logits_first_row_last_pos");
      assertThat(last.numel()).isEqualTo(expected.size());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(last.select(0, i).item_double())
            .isCloseTo(expected.get(i).asDouble(), within(1e-4));
      }
      assertThat(logits.abs().sum().item_double())
          .isCloseTo(
              golden.expected().get("logits_sum_abs").asDouble(), Percentage.withPercentage(0.01));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-mha", "llama-gqa-tied", "gpt2", "neox"})
  void everyGradientHasTheNormThatTransformersComputes(String name) {
    GoldenModel golden = GoldenModel.read(name);
    try (var _ = new PointerScope()) {
      golden.model().loss(golden.batch()).backward();
      Map<String, Tensor> parameters = golden.parameters();
      var norms = new LinkedHashMap<String, Double>();
      for (HuggingFaceTensor tensor : golden.model().config().huggingFaceTensors()) {
        // The gradients of the parameters that one tensor holds have the norm of its gradient.
        double squares = 0;
        for (String parameter : tensor.parameters()) {
          Tensor gradient = Objects.requireNonNull(parameters.get(parameter)).grad();
          squares += Math.pow(gradient.norm().item_double(), 2);
        }
        // In memory, transformers calls the head of every network lm_head.
        norms.put(tensor.name().replace("embed_out", "lm_head"), Math.sqrt(squares));
      }
      JsonNode expected = golden.expected().get("grad_l2");
      assertThat(norms).hasSize(expected.size());
      for (var entry : expected.properties()) {
        assertThat(norms.get(entry.getKey()))
            .as(entry.getKey())
            .isCloseTo(entry.getValue().asDouble(), Percentage.withPercentage(0.1));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-mha", "llama-gqa-tied", "gpt2", "neox"})
  void tenStepsOfAdamWTakeTheLossWhereTransformersTakesIt(String name) {
    GoldenModel golden = GoldenModel.read(name);
    JsonNode expected = golden.expected().get("adamw_clip1_losses");
    var parameters = golden.parameters().values();
    var optimizer =
        new AdamW(parameters, AdamW.options().lr(1e-3).betas(0.9, 0.95).eps(1e-8).weightDecay(0.1));
    for (int step = 0; step < expected.size(); step++) {
      try (var _ = new PointerScope()) {
        Tensor loss = golden.model().loss(golden.batch());
        assertThat(loss.item_double())
            .as("step %d", step)
            .isCloseTo(expected.get(step).asDouble(), within(1e-3));
        loss.backward();
        GradientClipping.clipNorm(parameters, 1);
        optimizer.step();
        optimizer.zeroGrad();
      }
    }
  }
}
