package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorEntry;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceFolderTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama-mha", "llama-gqa-tied", "gpt2", "neox"})
  void exportGivesBackTheImportedFileByteForByte(String name) {
    GoldenModel golden = GoldenModel.read(name);
    ModelConfig config = golden.model().config();
    HuggingFaceFolder.write(folder, config, golden.parameters(), ElementType.F32);

    assertThat(folder.resolve("model.safetensors"))
        .hasSameBinaryContentAs(golden.folder().resolve("model.safetensors"));
    var notes = new ArrayList<String>();
    assertThat(HuggingFaceFolder.readConfig(folder, notes)).isEqualTo(config);
    assertThat(notes).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-mha", "llama-gqa-tied", "gpt2", "neox"})
  void halfPrecisionInSeveralFilesGoesThroughAndBackByteForByte(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    ModelConfig config = golden.model().config();
    Path sharded = folder.resolve("sharded");
    HuggingFaceFolder.write(sharded, config, golden.parameters(), ElementType.BF16, 100_000);
    var notes = new ArrayList<String>();
    Model again = HuggingFaceFolder.read(sharded, notes);
    Path second = folder.resolve("second");
    HuggingFaceFolder.write(
        second, config, Tensors.namedParameters(again), ElementType.BF16, 100_000);

    assertThat(notes).isEmpty();
    try (var files = Files.list(sharded)) {
      assertThat(files.toList())
          .hasSizeGreaterThan(4)
          .allSatisfy(
              file ->
                  assertThat(second.resolve(file.getFileName().toString()))
                      .hasSameBinaryContentAs(file));
    }
  }

  @Test
  void anExportOverAnotherLeavesNothingOfIt() {
    GoldenModel golden = GoldenModel.read("llama-mha");
    ModelConfig config = golden.model().config();
    Model other = config.create(1);
    HuggingFaceFolder.write(folder, config, golden.parameters(), ElementType.F32);
    HuggingFaceFolder.write(folder, config, other.tensors(), ElementType.F32, 100_000);
    assertSame(HuggingFaceFolder.read(folder, new ArrayList<>()), other);

    HuggingFaceFolder.write(folder, config, golden.parameters(), ElementType.F32);
    assertSame(HuggingFaceFolder.read(folder, new ArrayList<>()), golden.model());
  }

  @Test
  void whatAConfigurationClaimsIsHeldAgainstTheFilesBeforeMemoryIsTaken() throws IOException {
    GoldenModel golden = GoldenModel.read("llama-mha");
    Files.copy(golden.folder().resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String json = Files.readString(golden.folder().resolve("config.json"));
    Files.writeString(
        folder.resolve("config.json"),
        json.replace("\"vocab_size\": 256", "\"vocab_size\": 2000000000"));

    assertThatThrownBy(() -> HuggingFaceFolder.read(folder, new ArrayList<>()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("config.json says [2000000000, 64]");
  }

  @Test
  void theConfigurationSaysHowSparseTheExportIs() {
    GoldenModel golden = GoldenModel.read("llama-mha");
    String query = "model.layers.0.self_attn.q_proj.weight";
    try (var _ = new NoGradGuard()) {
      Objects.requireNonNull(golden.parameters().get(query)).narrow(0, 0, 16).zero_();
    }
    HuggingFaceFolder.write(folder, golden.model().config(), golden.parameters(), ElementType.F32);

    ConfigMap sparsity =
        ConfigReader.read(folder.resolve("config.json")).asMap().require("sparsity").asMap();
    assertThat(sparsity.number("overall")).isEqualTo(0.25);
    assertThat(sparsity.map("tensors").toJava()).hasSize(1).containsEntry(query, 0.25);
  }

  @Test
  void namesOfANetworkSavedWithoutItsHeadAreUnderstood() throws IOException {
    GoldenModel golden = GoldenModel.read("gpt2");
    var sources = new ArrayList<TensorSource>();
    try (SafetensorsFile file =
        SafetensorsFile.open(golden.folder().resolve("model.safetensors"))) {
      for (String name : file.entries().keySet()) {
        sources.add(TensorSource.of(name.replace("transformer.", ""), file.read(name)));
      }
    }
    sources.add(TensorSource.of("h.0.attn.bias", torch.ones(1, 1, 4, 4)));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), sources, Map.of());
    Files.copy(golden.folder().resolve("config.json"), folder.resolve("config.json"));

    var notes = new ArrayList<String>();
    Model model = HuggingFaceFolder.read(folder, notes);

    assertThat(notes).isEmpty();
    assertSame(model, golden.model());
  }

  @Test
  void missingTensorsAndOtherShapesAreNamed() throws IOException {
    GoldenModel golden = GoldenModel.read("llama-mha");
    Files.copy(golden.folder().resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String json = Files.readString(golden.folder().resolve("config.json"));

    Files.writeString(
        folder.resolve("config.json"),
        json.replace("\"intermediate_size\": 172", "\"intermediate_size\": 173"));
    assertThatThrownBy(() -> HuggingFaceFolder.read(folder, new ArrayList<>()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(
            "tensor 'model.layers.0.mlp.gate_proj.weight' has shape [172, 64], config.json says"
                + " [173, 64]");

    Files.writeString(
        folder.resolve("config.json"),
        json.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"));
    assertThatThrownBy(() -> HuggingFaceFolder.read(folder, new ArrayList<>()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("has no tensor 'model.layers.2.");

    Files.writeString(
        folder.resolve("config.json"),
        json.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"));
    assertThatThrownBy(() -> HuggingFaceFolder.read(folder, new ArrayList<>()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(
            "tensor 'model.layers.1.input_layernorm.weight' is not one of the 12 that config.json"
                + " gives this llama: model.embed_tokens.weight ... lm_head.weight");
  }

  private static void assertSame(Model model, Model expected) {
    Map<String, Tensor> tensors = expected.tensors();
    assertThat(model.tensors()).hasSameSizeAs(tensors);
    model
        .tensors()
        .forEach((name, tensor) -> assertThat(tensor.equal(tensors.get(name))).as(name).isTrue());
  }

  @Test
  void besideRunningAveragesIsTheCounterThatOthersExpect() {
    var config = new ResNetConfig(3, 8, List.of(8L), List.of(1L), false, true, 2);
    HuggingFaceFolder.write(folder, config, config.create(0).tensors(), ElementType.F32);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      List<String> averages =
          file.entries().keySet().stream().filter(name -> name.endsWith(".running_var")).toList();
      assertThat(averages).hasSize(3);
      for (String average : averages) {
        TensorEntry counter =
            file.entries().get(average.replace("running_var", "num_batches_tracked"));
        assertThat(counter).as(average).isNotNull();
        assertThat(Objects.requireNonNull(counter).type()).isEqualTo(ElementType.I64);
        assertThat(counter.shape()).isEmpty();
      }
    }
    var notes = new ArrayList<String>();
    assertThat(HuggingFaceFolder.read(folder, notes).config()).isEqualTo(config);
    assertThat(notes).isEmpty();
  }
}
