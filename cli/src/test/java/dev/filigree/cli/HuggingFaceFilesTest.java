package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as others publish them: imported, evaluated and exported by the commands. */
class HuggingFaceFilesTest {
  private static final Path FILES = Path.of("../zoo/src/test/resources/huggingface");

  @TempDir private Path directory;

  private Program importTo(String name, Path folder) {
    return Program.run("import", folder.toString(), "--to", directory.resolve(name).toString());
  }

  private Path imported(String name, Path folder) {
    Program program = importTo(name, folder);
    assertThat(program.exitCode()).as(program.err()).isZero();
    return directory.resolve(name);
  }

  private JsonNode config(String folder) throws IOException {
    Path checkpoint = imported("in", FILES.resolve(folder));
    return new ObjectMapper().readTree(checkpoint.resolve("config.json").toFile());
  }

  private double loss(Path checkpoint) throws IOException {
    Program program =
        Program.run(
            "evaluate",
            checkpoint.toString(),
            "--text",
            FILES.resolve("text-900.txt").toString(),
            "--json");
    assertThat(program.exitCode()).as(program.err()).isZero();
    return new ObjectMapper().readTree(program.out()).findValue("loss").asDouble();
  }

  @ParameterizedTest
  @CsvSource({
    "window-llama, 8.76391",
    "window-off, 8.76391",
    "mistral-no-window, 8.76391",
    "unscaled-attention, 10.388767",
    "gelu-python, 10.3874515",
  })
  void theLossIsThatOfTransformersBeforeAndAfterAnExport(String name, double expected)
      throws IOException {
    Path checkpoint = imported("in", FILES.resolve(name));
    assertThat(loss(checkpoint)).isCloseTo(expected, within(5e-6));

    Path exported = directory.resolve("out");
    assertThat(Program.run("export", checkpoint.toString(), "--to", exported.toString()).exitCode())
        .isZero();
    assertThat(loss(imported("again", exported))).isCloseTo(expected, within(5e-6));
  }

  @Test
  void whatIsOursByDefaultAndNotTheReadersIsWritten() throws IOException {
    JsonNode mistral = config("mistral-no-window");
    assertThat(mistral.has("sliding_window")).isTrue();
    assertThat(mistral.get("sliding_window").isNull()).isTrue();
  }

  @Test
  void unscaledAttentionIsWrittenAsTransformersReadsIt() throws IOException {
    JsonNode gpt2 = config("unscaled-attention");
    assertThat(gpt2.get("scale_attn_weights").asBoolean(true)).isFalse();
    assertThat(gpt2.has("attention_logits_alpha")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp8", "int8"})
  void quantisedWeightsAreRefusedByName(String name) throws IOException {
    Program program = importTo("in", FILES.resolve(name));
    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err())
        .contains("config.json:28: quantization_config: quantised weights are not supported")
        .hasLineCount(1);
    assertThat(directory).isEmptyDirectory();

    // Without the key, the tensors themselves say what they are.
    Path folder = Files.createDirectory(directory.resolve("bare"));
    Files.copy(
        FILES.resolve(name).resolve("model.safetensors"), folder.resolve("model.safetensors"));
    Files.copy(FILES.resolve("window-llama/config.json"), folder.resolve("config.json"));
    Program bare = importTo("in", folder);
    assertThat(bare.exitCode()).isNotZero();
    assertThat(bare.err()).contains("belongs to quantised weights, which are not supported");
    assertThat(directory.resolve("in")).doesNotExist();
  }

  /** window-llama with one more file, or without one. */
  private Path network(String more, String content) throws IOException {
    Path folder = Files.createDirectory(directory.resolve("network"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(FILES.resolve("window-llama").resolve(name), folder.resolve(name));
    }
    Files.writeString(folder.resolve(more), content);
    return folder;
  }

  @Test
  void anAdapterBesideANetworkIsSaidToBeLeftOut() throws IOException {
    Path folder = network("adapter_config.json", "{\"peft_type\": \"LORA\", \"r\": 8}");
    Program program = importTo("in", folder);
    assertThat(program.exitCode()).isZero();
    assertThat(program.err()).contains("adapter_config.json: the adapter is not applied");

    Files.delete(folder.resolve("config.json"));
    assertThat(importTo("alone", folder).err())
        .isEqualTo(
            "error: %s: holds an adapter, not a network; merge it into its base network first%n"
                .formatted(folder));
  }

  @Test
  void aTokenizerInAFormThatIsNotReadIsNamed() throws IOException {
    Path folder = network("tokenizer.model", "no JSON");
    assertThat(importTo("in", folder).err())
        .contains("tokenizer.model: not read; make a tokenizer.json of it");
  }

  @Test
  void weightsInOtherFormsAreNamed() throws IOException {
    Path folder = network("pytorch_model.bin", "PK");
    Files.move(folder.resolve("model.safetensors"), folder.resolve("model.fp16.safetensors"));
    assertThat(importTo("in", folder).err())
        .contains("model.safetensors.index.json, but model.fp16.safetensors, pytorch_model.bin");
  }

  @Test
  void valuesThatAreNotNumbersAreNoted() throws IOException {
    Path folder = network("README.md", "");
    var tensors = new LinkedHashMap<String, Tensor>();
    try (var file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      file.entries().keySet().forEach(name -> tensors.put(name, file.read(name)));
    }
    Objects.requireNonNull(tensors.get("model.norm.weight"))
        .narrow(0, 1, 2)
        .fill_(new Scalar(Double.NaN));
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        tensors.entrySet().stream()
            .map(tensor -> TensorSource.of(tensor.getKey(), tensor.getValue()))
            .toList(),
        Map.of());
    assertThat(importTo("in", folder).err())
        .containsPattern("'model.norm.weight' has 2 of \\d+ values that are NaN or infinite");
  }
}
