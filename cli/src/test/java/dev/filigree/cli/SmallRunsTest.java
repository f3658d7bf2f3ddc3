package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Small runs by the commands whose figures are known: those of rotary.yaml were computed with
 * transformers 5.18 from the exported network, those of files.yaml by evaluating it on {@code
 * held-out}.
 */
class SmallRunsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private static Path resource(String name) throws Exception {
    return Path.of(Objects.requireNonNull(SmallRunsTest.class.getResource(name), name).toURI());
  }

  private Program train(String configuration, String data, String... more) throws Exception {
    var arguments =
        new ArrayList<>(
            List.of(
                "train",
                resource("runs/" + configuration).toString(),
                "--out",
                folder.resolve("run").toString(),
                "-s",
                "train_dataloader.data_dir=" + resource(data)));
    Collections.addAll(arguments, more);
    return good(arguments.toArray(String[]::new));
  }

  private static Program good(String... arguments) {
    Program program = Program.run(arguments);
    assertThat(program.exitCode()).as(program.err()).isZero();
    return program;
  }

  private double loss(String name, String... more) throws IOException {
    var arguments =
        new ArrayList<>(List.of("evaluate", folder.resolve("run").toString(), "--json"));
    Collections.addAll(arguments, more);
    return JSON.readTree(good(arguments.toArray(String[]::new)).out())
        .path("results")
        .path(name)
        .path("loss")
        .asDouble();
  }

  private List<JsonNode> rows(String event) throws IOException {
    var rows = new ArrayList<JsonNode>();
    for (String line : Files.readAllLines(folder.resolve("run/metrics.jsonl"))) {
      JsonNode row = JSON.readTree(line);
      if (row.path("event").asText().equals(event)) {
        rows.add(row);
      }
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"32, 1.0, 0.5964, 0.6051", "16, 0.5, 0.6046, 0.6058"})
  void theLossOfACheckpointIsThatOfTheRunWhateverPartOfAHeadRotates(
      int rotaryDim, double fraction, double validation, double text) throws Exception {
    train("rotary.yaml", "tokenizers/corpus", "-s", "model.rotary_dim=" + rotaryDim, "--quiet");
    double atEnd = rows("eval").getLast().path("loss").asDouble();
    assertThat(atEnd).isCloseTo(validation, within(0.01));
    // What only the values of the file decide is far off: 1.86 with a quarter of each head.
    assertThat(loss("validation")).isCloseTo(atEnd, within(1e-5));
    assertThat(loss("text", "--text", resource("tokenizers/text-900.txt").toString()))
        .isCloseTo(text, within(0.01));
    good("export", folder.resolve("run").toString(), "--to", folder.resolve("exported").toString());
    JsonNode config = JSON.readTree(folder.resolve("exported/config.json").toFile());
    assertThat(config.path("rotary_pct").asDouble()).isEqualTo(fraction);
    assertThat(config.path("partial_rotary_factor").asDouble()).isEqualTo(fraction);
  }

  @Test
  void aNetworkOfCharactersEndsWithItsFiguresAndNoSample() throws Exception {
    Program program = train("characters.yaml", "runs/characters");
    assertThat(program.out())
        .contains("training loss ", "checkpoint ")
        .doesNotContain("What the model writes");
    assertThat(program.err()).doesNotContain("warning").doesNotContain("sample");
    assertThat(folder.resolve("run/sample.txt")).doesNotExist();
  }

  @Test
  void filesThatTrainDoNotValidateAndHeldOutOnesDo() throws Exception {
    Program program = train("files.yaml", "runs/files");
    assertThat(program.err()).contains("the run has no validation");
    assertThat(program.out()).contains("training loss ").doesNotContain("validation loss");
    assertThat(rows("eval")).isEmpty();
    String heldOut =
        "val_dataloader={data_processor: GptHDF5MapDataProcessor, batch_size: 8, data_dir: '"
            + resource("runs/held-out")
            + "'}";
    // The text was learnt by heart: 0.0134 on it, 12.117 on another.
    assertThat(loss("validation", "-s", heldOut)).isCloseTo(12.117, within(0.5));
  }

  @Test
  void theRateOfTheOptimizerIsThatOfEveryStep() throws Exception {
    train("rate.yaml", "tokenizers/corpus", "--quiet");
    assertThat(rows("train").stream().map(row -> row.path("lr").asDouble()))
        .containsExactly(0.01, 0.01, 0.01, 0.01, 0.01, 0.01);
  }

  @Test
  void aResumedRunRefusesASparsityThatNoUpdateWouldReach() throws Exception {
    train("resumed.yaml", "tokenizers/corpus", "--steps", "4", "--quiet");
    Program resumed =
        Program.run(
            "train",
            "--resume",
            folder.resolve("run").toString(),
            "-s",
            "sparsity=0.95",
            "--steps",
            "8");
    assertThat(resumed.exitCode()).isEqualTo(2);
    assertThat(resumed.err())
        .contains("--resume: sparsity.sparsity: the run has 0.8, found 0.95")
        .hasLineCount(1);
  }
}
