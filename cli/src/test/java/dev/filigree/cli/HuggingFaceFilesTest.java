package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
