package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands one after the other on a network that sees pictures. */
class PictureCommandsTest {
  private static final int SIDE = 28;

  @TempDir static Path directory;
  private static Path config = Path.of("");

  @BeforeAll
  static void writePictures() throws IOException {
    Path data = Files.createDirectories(directory.resolve("mnist"));
    var random = new Random(0);
    write(data, "train", 96, random);
    write(data, "t10k", 48, random);
    config =
        Files.writeString(
            directory.resolve("pictures.yaml"),
            """
            trainer:
              init:
                backend: {backend_type: cpu}
                model: {name: fc_mnist, hidden_sizes: [32, 16], dropout: 0.1}
                optimizer: {AdamW: {weight_decay: 0.0}}
                schedulers: 1.0e-3
                precision: {enabled: false}
                execution: masked
                sparsity:
                  algorithm: rigl
                  sparsity: 0.8
                  drop_fraction: 0.3
                  update: {freq: 5}
                loop: {max_steps: 20, eval_frequency: 20, eval_steps: 0}
              fit:
                train_dataloader: {data_processor: MnistDataProcessor, data_dir: "%s", batch_size: 16}
            """
                .formatted(data));
  }

  /** Random pictures in MNIST's layout. */
  private static void write(Path folder, String set, int count, Random random) throws IOException {
    var pixels = new byte[count * SIDE * SIDE];
    random.nextBytes(pixels);
    try (var images =
            new DataOutputStream(
                Files.newOutputStream(folder.resolve(set + "-images-idx3-ubyte")));
        var labels =
            new DataOutputStream(
                Files.newOutputStream(folder.resolve(set + "-labels-idx1-ubyte")))) {
      for (int value : new int[] {2051, count, SIDE, SIDE}) {
        images.writeInt(value);
      }
      images.write(pixels);
      labels.writeInt(2049);
      labels.writeInt(count);
      for (int i = 0; i < count; i++) {
        labels.writeByte(i % 10);
      }
    }
  }

  private static Program run(String... arguments) {
    Program program = Program.run(arguments);
    assertThat(program.exitCode()).as(program.err()).isZero();
    return program;
  }

  private static Program train(Path out, String... more) {
    var arguments = new ArrayList<>(List.of("train", config.toString(), "--out", out.toString()));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  private static JsonNode validation(String path, String... more) throws IOException {
    var arguments = new ArrayList<>(List.of("evaluate", path, "--json"));
    arguments.addAll(List.of(more));
    return new ObjectMapper()
        .readTree(run(arguments.toArray(String[]::new)).out())
        .path("results")
        .path("validation");
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void aPictureNetworkWalksFromTrainToExportAndBack(String execution) throws IOException {
    Path folder = Files.createDirectories(directory.resolve(execution));
    Path whole = folder.resolve("whole");
    String choice = "--execution=" + execution;
    Program trained = train(whole, choice);
    assertThat(trained.out())
        .contains("accuracy", "pictures/s", "nats a picture")
        .doesNotContain("perplexity", "token", "What the model writes");
    assertThat(trained.err()).contains("accuracy").doesNotContain("perplexity", "token", "sample");
    assertThat(whole.resolve("sample.txt")).doesNotExist();

    Path parts = folder.resolve("parts");
    train(parts, choice, "--steps", "10", "--quiet");
    Program resumed = run("train", "--resume", parts.toString(), "--steps", "20");
    assertThat(resumed.out()).contains("160 pictures in ", " since step 10, 320 in all");
    Path model = Path.of("checkpoints/step-000020/model.safetensors");
    assertThat(Files.mismatch(whole.resolve(model), parts.resolve(model))).isEqualTo(-1);

    JsonNode result = validation(whole.toString());
    assertThat(result.path("pictures").asLong()).isEqualTo(48);
    assertThat(result.path("accuracy").asDouble()).isBetween(0.0, 1.0);
    assertThat(result.has("perplexity")).isFalse();

    Path exported = folder.resolve("exported");
    Path imported = folder.resolve("imported");
    run("export", whole.toString(), "--to", exported.toString());
    run("import", exported.toString(), "--to", imported.toString());
    assertThat(validation(imported.toString(), "--config", config.toString())).isEqualTo(result);
  }

  @Test
  void evaluateChangesTheValidationDataAndRefusesOtherChanges() throws IOException {
    Path out = directory.resolve("changed");
    train(out, "--quiet");
    JsonNode one =
        validation(out.toString(), "-s", "val_dataloader.batch_size=5", "-s", "loop.eval_steps=2");
    assertThat(one.path("pictures").asLong()).isEqualTo(10);

    Program other = Program.run("evaluate", out.toString(), "-s", "sparsity=0.5");
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(other.err()).contains("-s sparsity=0.5: ", "val_dataloader and loop.eval_steps");
    Program text =
        Program.run("evaluate", out.toString(), "--text", "a.txt", "-s", "loop.eval_steps=1");
    assertThat(text.exitCode()).isEqualTo(2);
    assertThat(text.err()).contains("not --task or --text");
  }

  @Test
  void anEmptyListOfValidationDataIsNoValidation() {
    Path out = directory.resolve("unvalidated");
    String none = "val_dataloader=[]";
    assertThat(train(out, "--dry-run", "-s", none).out()).containsPattern("validation +none");
    Program trained = train(out, "-s", none);
    assertThat(trained.out()).contains("training loss").doesNotContain("validation");
    run("train", "--resume", out.toString(), "--steps", "21", "--quiet");

    Program evaluated = Program.run("evaluate", out.toString());
    assertThat(evaluated.exitCode()).isEqualTo(2);
    assertThat(evaluated.err()).contains("validates on nothing");
    Program compared = Program.run("compare", config.toString(), "-s", none, "--seeds", "1");
    assertThat(compared.exitCode()).isEqualTo(2);
    assertThat(compared.err()).contains("compare compares validation losses");
    Program watched =
        Program.run("train", config.toString(), "--dry-run", "-s", none, "-s", "loop.patience=2");
    assertThat(watched.exitCode()).isEqualTo(2);
    assertThat(watched.err()).contains("early stopping watches evaluations");
  }

  @Test
  void aReportThatCannotBeWrittenFailsNoRun() throws IOException {
    Path out = directory.resolve("unreported");
    // A folder stands where the report should go.
    Files.createDirectories(out.resolve("report.html/inside"));
    Program trained = train(out);
    assertThat(trained.out()).contains("training loss", "checkpoint ").doesNotContain("report ");
    assertThat(trained.err()).contains("warning: no report: ");
  }
}
