package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.safetensors.ElementType;
import dev.filigree.zoo.data.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The forms that published files have, one network each: keys that are missing, null, of older or
 * newer versions of transformers; names without their prefix, several files, other element types.
 * What they compute was computed by golden/variants/variants.py.
 */
class HuggingFaceVariantsTest {
  private static final Path VARIANTS = Path.of("src/test/resources/golden/variants");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "llama-linear, 0",
    "llama-llama3-biases, 0",
    "llama-head-dim-tied-f16, 1",
    "mistral-window-bf16, 0",
    "neox-full-sequential, 0",
    "neox-half-linear, 0",
    "gpt2-unscaled-bare-names, 0",
    "vit-no-bias, 2",
    "resnet-two-classes, 0",
  })
  void theNumbersAreRightAndStaySoThroughAnExport(String name, int noted) throws IOException {
    JsonNode expected =
        new ObjectMapper().readTree(VARIANTS.resolve(name).resolve("expected.json").toFile());
    var notes = new ArrayList<String>();
    Model model = HuggingFaceFolder.read(VARIANTS.resolve(name), notes);
    assertThat(notes).hasSize(noted);
    check(model, expected);

    HuggingFaceFolder.write(folder, model.config(), model.tensors(), ElementType.F32);
    notes.clear();
    Model again = HuggingFaceFolder.read(folder, notes);
    assertThat(notes).isEmpty();
    assertThat(again.config()).isEqualTo(model.config());
    check(again, expected);
  }

  private static void check(Model model, JsonNode expected) {
    model.eval();
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor logits = Logits.of(model, inputs(expected));
      if (model instanceof LanguageModel language) {
        Tensor ids = inputs(expected);
        long length = ids.size(1) - 1;
        var batch = new Batch(ids.narrow(1, 0, length), ids.narrow(1, 1, length), null);
        assertThat(language.loss(batch).item_double())
            .isCloseTo(expected.get("loss").asDouble(), within(1e-5));
        logits = logits.select(0, 0); // those of the first text
      }
      Tensor last = logits.select(0, -1);
      JsonNode values = expected.get("last_logits");
      assertThat(last.numel()).isEqualTo(values.size());
      for (int i = 0; i < values.size(); i++) {
        assertThat(last.select(0, i).item_double())
            .isCloseTo(values.get(i).asDouble(), within(1e-4));
      }
    }
  }

  /** Token ids, or the pictures that the reference makes too. */
  private static Tensor inputs(JsonNode expected) {
    if (expected.has("input_ids")) {
      var ids = new ArrayList<Long>();
      JsonNode rows = expected.get("input_ids");
      rows.forEach(row -> row.forEach(id -> ids.add(id.asLong())));
      return torch
          .tensor(ids.stream().mapToLong(Long::longValue).toArray())
          .reshape(rows.size(), -1);
    }
    var shape = new ArrayList<Long>();
    expected.get("shape").forEach(size -> shape.add(size.asLong()));
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    return torch
        .arange(new Scalar(elements))
        .to(torch.ScalarType.Float)
        .mul(new Scalar(0.7))
        .sin()
        .reshape(shape.stream().mapToLong(Long::longValue).toArray());
  }
}
