package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files whose tensors are not just those of the network. */
class StoredTensorsTest {
  private static final Path NETWORK = Path.of("src/test/resources/huggingface/window-llama");
  private static final String QUERY = "model.layers.0.self_attn.q_proj.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";

  @TempDir private Path folder;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  @BeforeEach
  void read() throws IOException {
    Files.copy(NETWORK.resolve("config.json"), folder.resolve("config.json"));
    try (SafetensorsFile file = SafetensorsFile.open(NETWORK.resolve("model.safetensors"))) {
      file.entries().keySet().forEach(name -> tensors.put(name, file.read(name)));
    }
  }

  private void write() {
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        tensors.entrySet().stream()
            .map(tensor -> TensorSource.of(tensor.getKey(), tensor.getValue()))
            .toList(),
        Map.of());
  }

  private void assertRefused(String message) {
    write();
    assertThatThrownBy(() -> HuggingFaceFolder.read(folder, new ArrayList<>()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(message);
  }

  private Tensor tensor(String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  @ParameterizedTest
  @EnumSource(names = {"Double", "Float", "BFloat16", "Half"})
  void weightsOfFloatingPointAreReadWhateverTheirWidth(ScalarType type) {
    tensors.replaceAll((name, tensor) -> tensor.to(type));
    write();
    Model model = HuggingFaceFolder.read(folder, new ArrayList<>());
    Tensor expected = tensor(QUERY).to(ScalarType.Float);
    assertThat(Objects.requireNonNull(model.tensors().get(QUERY)).equal(expected)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"Char", "Byte", "Int", "Float8_e4m3fn", "Float8_e5m2"})
  void weightsOfAnotherTypeAreRefused(ScalarType type) {
    tensors.put(QUERY, tensor(QUERY).to(type));
    assertRefused("tensor '" + QUERY + "' is ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.layers.0.self_attn.q_proj.qweight",
        "model.layers.0.self_attn.q_proj.qzeros",
        "model.layers.0.self_attn.q_proj.scales",
        "model.layers.0.self_attn.q_proj.g_idx",
        "model.layers.0.self_attn.q_proj.SCB",
        "model.layers.0.self_attn.q_proj.weight_scale",
        "model.layers.0.self_attn.q_proj.weight_scale_inv",
        "model.layers.0.self_attn.q_proj.weight_zero_point",
        "model.layers.0.self_attn.q_proj.weight_packed",
        "model.layers.0.self_attn.q_proj.input_scale",
        "model.layers.0.self_attn.q_proj.weight.absmax",
        "model.layers.0.self_attn.q_proj.weight.quant_state.bitsandbytes__nf4",
      })
  void whatLiesBesideQuantisedWeightsIsRefusedByName(String name) {
    tensors.put(name, torch.ones(1));
    assertRefused("tensor '" + name + "' belongs to quantised weights, which are not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.layers.1.self_attn.q_proj.weight",
        "model.layers.0.self_attn.q_proj.bias",
        "model.layers.0.self_attn.q_norm.weight",
        "model.layers.0.self_attn.q_proj.lora_A.weight",
        "score.weight",
        "embed_tokens.weight",
      })
  void aTensorThatTheNetworkDoesNotHaveIsRefusedByName(String name) {
    tensors.put(name, torch.ones(8, 8));
    assertRefused("tensor '" + name + "' is not one of the 11 that config.json gives this llama");
  }

  @Test
  void constantsAndACopyOfTiedEmbeddingsAreAllowed() {
    tensors.put("model.layers.0.self_attn.rotary_emb.inv_freq", torch.ones(2));
    tensors.put("lm_head.weight", tensor(EMBEDDING));
    write();
    List<String> notes = new ArrayList<>();
    HuggingFaceFolder.read(folder, notes);
    assertThat(notes).noneMatch(note -> note.contains("tensor"));
  }

  @Test
  void tiedEmbeddingsMayHaveTheNameOfTheHead() {
    Tensor embedding = Objects.requireNonNull(tensors.remove(EMBEDDING));
    tensors.put("lm_head.weight", embedding);
    write();
    List<String> notes = new ArrayList<>();
    Model model = HuggingFaceFolder.read(folder, notes);
    assertThat(notes).noneMatch(note -> note.contains("tensor"));
    assertThat(
            Objects.requireNonNull(model.tensors().get(EMBEDDING))
                .equal(embedding.to(ScalarType.Float)))
        .isTrue();
  }

  @Test
  void aHeadOfItsOwnBesideTiedEmbeddingsIsRefused() {
    tensors.put("lm_head.weight", tensor(EMBEDDING).add(torch.ones(1)));
    assertRefused("tensor 'lm_head.weight' differs from '" + EMBEDDING + "', but config.json says");
  }

  @Test
  void namesWithoutTheirPrefixAreThoseOfTheNetwork() {
    var bare = new LinkedHashMap<String, Tensor>();
    tensors.forEach((name, tensor) -> bare.put(name.substring("model.".length()), tensor));
    tensors.clear();
    tensors.putAll(bare);
    write();
    Model model = HuggingFaceFolder.read(folder, new ArrayList<>());
    assertThat(
            Objects.requireNonNull(model.tensors().get(EMBEDDING))
                .equal(tensor("embed_tokens.weight").to(ScalarType.Float)))
        .isTrue();
  }
}
