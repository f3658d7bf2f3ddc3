package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands one after the other, on a run of seconds. */
class CommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;
  private static Path run = Path.of("");
  private static Program trained = new Program(-1, "", "");

  @BeforeAll
  static void train() throws IOException {
    Path texts = Files.createDirectories(directory.resolve("texts"));
    for (int i = 0; i < 40; i++) {
      Files.writeString(
          texts.resolve(i + ".txt"),
          "Row %d of a small text that repeats itself. ".formatted(i).repeat(40));
    }
    run = directory.resolve("run");
    trained = train("--out", run.toString());
  }

  private static Program train(String... more) {
    return program("train", List.of(), more);
  }

  private static Program program(String command, List<String> first, String... more) {
    var arguments = new ArrayList<String>();
    arguments.add(command);
    arguments.addAll(first);
    for (String setting :
        List.of(
            "execution=masked", // automatic choice would measure the machine first
            "model.hidden_size=32",
            "model.num_hidden_layers=2",
            "model.num_heads=2",
            "model.filter_size=64",
            "train_dataloader.data_dir=" + directory.resolve("texts"),
            "train_dataloader.cache_dir=" + directory.resolve("cache"),
            "train_dataloader.validation_fraction=0.2",
            "train_dataloader.batch_size=2",
            "train_dataloader.max_sequence_length=32",
            "loop.max_steps=8",
            "loop.eval_steps=2",
            "logging.log_steps=1")) {
      arguments.add("-s");
      arguments.add(setting);
    }
    arguments.addAll(List.of(more));
    return Program.run(arguments.toArray(String[]::new));
  }

  private static JsonNode json(Program program) throws IOException {
    assertThat(program.exitCode()).as(program.err()).isZero();
    return JSON.readTree(program.out());
  }

  @Test
  void aMaskThatIsNeverMadeIsAWarningOfThePlanAndOfTheRun() {
    String[] late = {
      "-s",
      "sparsity={algorithm: rigl, sparsity: 0.8, update: {freq: 2, start: 100}}",
      "--steps",
      "1",
      "--quiet"
    };
    String warning =
        "warning: rigl makes no mask: the run ends at step 1, before its first update at step 100,"
            + " and stays dense";
    assertThat(program("train", List.of("--dry-run"), late).out()).contains(warning);
    Program run = program("train", List.of("--out", directory + "/late"), late);
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.err()).startsWith(warning);
  }

  @Test
  void runsWithoutValidationAreNotCompared() {
    for (String none : List.of("val_dataloader=[]", "loop.eval_frequency=0")) {
      Program refused = program("compare", List.of(), "-s", none);
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err()).contains("compare compares validation losses");
    }
  }

  @Test
  void aResumeWithASettingThatWouldHaveNoEffectIsRefused() {
    for (String dry : List.of("--dry-run", "--quiet")) {
      Program refused =
          Program.run("train", "--resume", run.toString(), "-s", "model.dropout_rate=0.5", dry);
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err().lines())
          .containsExactly(
              "error: --resume: model.dropout_rate: the run has 0.0, found 0.5: the checkpoint has"
                  + " it");
    }
  }

  @Test
  void trainPrintsATableAndLeavesARunDirectory() {
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    assertThat(trained.out())
        .contains("training loss", "validation loss", "bits per byte", "tokens/s")
        .containsPattern("sparsity +80.00 % target, 80.\\d\\d % counted")
        .contains("What the model writes:");
    assertThat(trained.err()).contains("step 8/8");
    assertThat(run.resolve("config.yaml")).isRegularFile();
    assertThat(run.resolve("metrics.jsonl")).isRegularFile();
    assertThat(run.resolve("sample.txt")).isRegularFile();
    assertThat(run.resolve("report.html")).isRegularFile();
    assertThat(run.resolve("checkpoints/step-000008/manifest.json")).isRegularFile();
  }

  @Test
  void aDryRunShowsThePlanAndLeavesNothing() {
    Path other = directory.resolve("dry");
    Program program = train("--dry-run", "--out", other.toString());
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out()).contains("model.layers.0.self_attn.q_proj.weight", "80.0 %");
    assertThat(program.out()).containsPattern("data +/.*, is there");
    Program missing = train("--dry-run", "-s", "train_dataloader.data_dir=/none");
    assertThat(missing.out()).containsPattern("data +/none, is missing");
    assertThat(other).doesNotExist();
  }

  @Test
  void aRunDirectoryIsNotOverwritten() {
    Program program = train("--out", run.toString());
    assertThat(program.exitCode()).isEqualTo(1);
    assertThat(program.err().strip()).contains("--resume").doesNotContain("\n");
  }

  @Test
  void stepsAreTheTotalAlsoAfterResume() throws IOException {
    Path other = directory.resolve("resumed");
    String[] first = {"--steps", "3", "--quiet", "--tag", "a", "--note", "a first try"};
    assertThat(
            train(
                    Stream.concat(Stream.of("--out", other.toString()), Stream.of(first))
                        .toArray(String[]::new))
                .exitCode())
        .isZero();
    Program program =
        Program.run(
            "train",
            "--resume",
            other.toString(),
            "--steps",
            "5",
            "--quiet",
            "--tag",
            "a",
            "--tag",
            "b");
    assertThat(other.resolve("tags.txt")).hasContent("a\nb");
    assertThat(other.resolve("notes.txt")).hasContent("a first try");
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out()).isEmpty();
    assertThat(program.err()).isEmpty();
    assertThat(other.resolve("checkpoints/step-000005")).isDirectory();
    long rows;
    try (Stream<String> lines = Files.lines(other.resolve("metrics.jsonl"))) {
      rows = lines.filter(line -> line.contains("\"event\":\"train\"")).count();
    }
    assertThat(rows).isEqualTo(5);
  }

  @Test
  void evaluateGivesTheLossOfTheLastEvaluation() throws IOException {
    JsonNode result = json(Program.run("evaluate", run.toString(), "--json"));
    assertThat(result.path("step").asLong()).isEqualTo(8);
    double loss = result.path("results").path("validation").path("loss").asDouble();
    List<String> rows = Files.readAllLines(run.resolve("metrics.jsonl"));
    double trained = JSON.readTree(rows.getLast()).path("eval_loss").asDouble();
    assertThat(loss).isCloseTo(trained, org.assertj.core.data.Offset.offset(1e-5));
  }

  @Test
  void evaluateMeasuresAnyText() throws IOException {
    Path text = Files.writeString(directory.resolve("some.txt"), "Row 7 of a small text. ");
    JsonNode result =
        json(Program.run("evaluate", run.toString(), "--text", text.toString(), "--json"))
            .path("results")
            .path("text");
    // 23 bytes and the end of the text, of which the first byte has nothing before it.
    assertThat(result.path("tokens").asLong()).isEqualTo(23);
    double loss = result.path("loss").asDouble();
    assertThat(result.path("perplexity").asDouble())
        .isCloseTo(Math.exp(loss), org.assertj.core.data.Offset.offset(1e-6));
    assertThat(result.path("bits_per_byte").asDouble())
        .isCloseTo(loss / Math.log(2) * 24 / 23, org.assertj.core.data.Offset.offset(1e-6));
  }

  @Test
  void evaluateAsksTheQuestionsOfATask() throws IOException {
    Path task = Files.createDirectories(directory.resolve("arc"));
    String line =
        """
        {"id":"1","question":{"stem":"What repeats itself, again and again, row after row, over and over?","choices":[\
        {"text":"a small text","label":"A"},{"text":"\\u00e9\\u4e2d","label":"B"}]},"answerKey":"A"}
        """;
    Files.writeString(task.resolve("ARC-Easy-Test.jsonl"), line + line);
    Files.writeString(task.resolve("ARC-Easy-Train.jsonl"), line);
    JsonNode result =
        json(Program.run(
                "evaluate",
                run.toString(),
                "--task",
                "arc",
                "--data",
                task.toString(),
                "--shots",
                "1",
                "--json"))
            .path("results")
            .path("arc");
    assertThat(result.path("questions").asLong()).isEqualTo(2);
    // Per character; even the few steps have taught it that no byte of the text is above 127.
    assertThat(result.path("acc_norm").asDouble()).isEqualTo(1);
    assertThat(result.path("acc_norm_stderr").asDouble()).isZero();
    assertThat(result.path("texts_cut_to_the_context").asLong()).isEqualTo(4);
  }

  @Test
  void evaluateSaysWhichOptionsGoTogether() {
    assertThat(Program.run("evaluate", run.toString(), "--task", "arc").err())
        .contains("--task and --data DIR go together");
    Program unknown =
        Program.run("evaluate", run.toString(), "--task", "sat", "--data", directory.toString());
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("unknown task 'sat'; allowed: arc, hellaswag");
  }

  @Test
  void inspectCountsWhatIsKept() throws IOException {
    JsonNode layers = json(Program.run("inspect", run.toString(), "--json")).path("layers");
    JsonNode layer =
        layers
            .valueStream()
            .filter(node -> node.path("parameter").asText().endsWith("layers.0.mlp.up_proj.weight"))
            .findFirst()
            .orElseThrow();
    assertThat(layer.path("kept").asLong()).isEqualTo(409); // floor of a fifth of 64 × 32
    assertThat(layer.path("masked").asBoolean()).isTrue();
    // The values, and the positions by rows and by columns.
    assertThat(layer.path("stored_bytes").asLong()).isGreaterThan(409L * (4 + 8));
  }

  @Test
  void inspectPrintsATable() {
    Program program = Program.run("inspect", run.toString());
    assertThat(program.exitCode()).isZero();
    assertThat(program.out())
        .contains("dead rows", "64 × 32", "409", "weights kept", "bytes a kept weight");
  }

  @Test
  void generateIsRepeatedByItsSeed() {
    String[] arguments = {
      "generate", run.toString(), "--prompt", "Row ", "--tokens", "20", "--seed", "3"
    };
    Program program = Program.run(arguments);
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out()).startsWith("Row ").isEqualTo(Program.run(arguments).out());
  }

  @Test
  void evaluateAndGenerateMultiplyWithTheWeightsThatExist() throws IOException {
    Path wide = directory.resolve("wide");
    String[] settings = {
      "--out", wide.toString(),
      "-s", "model.hidden_size=736",
      "-s", "model.num_hidden_layers=1",
      "-s", "model.filter_size=736",
      "-s", "sparsity={algorithm: static, sparsity: 0.8}",
      "-s", "loop.max_steps=2"
    };
    assertThat(train(settings).exitCode()).isZero();
    double trained = 0;
    for (String line : Files.readAllLines(wide.resolve("metrics.jsonl"))) {
      trained = JSON.readTree(line).path("eval_loss").asDouble(trained);
    }
    JsonNode evaluated = json(Program.run("evaluate", wide.toString(), "--json"));
    assertThat(evaluated.findValue("loss").asDouble()).isCloseTo(trained, within(1e-5));

    Program writes = Program.run("generate", wide.toString(), "--prompt", "Row ", "--tokens", "9");
    assertThat(writes.err()).contains("9 tokens in ", " a second; sparse layers: 7");
  }

  @Test
  void anExportedNetworkComesBackByImport() throws IOException {
    Path exported = directory.resolve("exported");
    Path imported = directory.resolve("imported");
    assertThat(Program.run("export", run.toString(), "--to", exported.toString()).exitCode())
        .isZero();
    assertThat(exported.resolve("config.json")).isRegularFile();
    assertThat(exported.resolve("model.safetensors")).isRegularFile();
    assertThat(Program.run("export", run.toString(), "--to", exported.toString()).err())
        .contains("holds a network already");

    Program program = Program.run("import", exported.toString(), "--to", imported.toString());
    assertThat(program.exitCode()).as(program.err()).isZero();
    String[] ask = {"", "", "--prompt", "Row ", "--tokens", "20", "--temperature", "0"};
    ask[0] = "generate";
    ask[1] = imported.toString();
    String fromImported = Program.run(ask).out();
    ask[1] = run.toString();
    assertThat(fromImported).isEqualTo(Program.run(ask).out());
    assertThat(Program.run("import", exported.toString(), "--to", imported.toString()).exitCode())
        .isEqualTo(1);
  }

  @Test
  void aDamagedCheckpointFailsWithOneLine() throws IOException {
    Path damaged = directory.resolve("damaged");
    Path whole = run.resolve("checkpoints/step-000008");
    try (Stream<Path> files = Files.walk(whole)) {
      for (Path file : files.toList()) {
        Files.copy(file, damaged.resolve(whole.relativize(file).toString()));
      }
    }
    byte[] weights = Files.readAllBytes(damaged.resolve("model.safetensors"));
    weights[weights.length - 1] ^= 1;
    Files.write(damaged.resolve("model.safetensors"), weights);
    Program program = Program.run("inspect", damaged.toString());
    assertThat(program.exitCode()).isEqualTo(1);
    assertThat(program.err().strip()).contains("model.safetensors", "damaged").doesNotContain("\n");
  }

  @Test
  void compareTrainsEveryMethodWithEverySeed() throws IOException {
    Path out = directory.resolve("compared");
    JsonNode results =
        json(
            program(
                "compare",
                List.of(
                    "--methods", "small_dense,static,rigl", "--seeds", "2", "--json", "--quiet"),
                "--steps",
                "4",
                "--out",
                out.toString()));
    JsonNode groups = results.path("groups");
    assertThat(groups.findValuesAsText("name")).containsExactly("small_dense", "static", "rigl");
    assertThat(results.path("complete").asBoolean()).isTrue();
    JsonNode rigl = groups.get(2);
    assertThat(rigl.path("runs").toString()).isEqualTo("[\"rigl-seed0\",\"rigl-seed1\"]");
    assertThat(groups.get(0).at("/counted_sparsity/mean").asDouble()).isZero();
    assertThat(rigl.at("/counted_sparsity/mean").asDouble()).isGreaterThan(0.79);
    for (String reference : List.of("static", "small_dense")) {
      JsonNode difference = rigl.path("difference_to_" + reference);
      assertThat(difference.path("pairs").asInt()).isEqualTo(2);
      assertThat(difference.path("mean").asDouble())
          .isBetween(
              difference.path("low_95").asDouble() - 1e-12,
              difference.path("high_95").asDouble() + 1e-12);
    }
    assertThat(JSON.readTree(out.resolve("results.json").toFile())).isEqualTo(results);
    List<String[]> rows = cells(out.resolve("results.csv"));
    List<String> columns = List.of(rows.getFirst());
    assertThat(rows).hasSize(1 + 6);
    for (int i = 0; i < 6; i++) {
      JsonNode run = results.path("runs").get(i);
      String[] row = rows.get(i + 1);
      assertThat(row).hasSameSizeAs(columns);
      for (String column : List.of("run", "seed", "steps", "tokens", "learning_rate", "status")) {
        assertThat(row[columns.indexOf(column)]).as(column).isEqualTo(run.path(column).asText());
      }
      for (String column :
          List.of("validation_loss", "training_flops", "seconds", "cpu_seconds", "bits_per_byte")) {
        assertThat(Double.parseDouble(row[columns.indexOf(column)]))
            .as(column)
            .isEqualTo(run.path(column).asDouble())
            .isPositive();
      }
    }
    List<String[]> evaluations = cells(out.resolve("evaluations.csv"));
    assertThat(String.join(",", evaluations.getFirst()))
        .isEqualTo("run,method,sparsity,role,seed,step,tokens,flops,seconds,loss");
    assertThat(evaluations.stream().skip(1).map(row -> row[0]).distinct()).hasSize(6);
    String[] last = evaluations.getLast();
    assertThat(last[5]).isEqualTo("4");
    assertThat(Double.parseDouble(last[9]))
        .isEqualTo(results.path("runs").get(5).path("validation_loss").asDouble());
    assertThat(out.resolve("rigl-seed1/report.html")).isRegularFile();
    assertThat(out.resolve("compare.html")).isRegularFile();
  }

  private static List<String[]> cells(Path table) throws IOException {
    return Files.readAllLines(table).stream()
        .map(line -> line.replaceAll("\"[^\"]*\"", "quoted").split(",", -1))
        .toList();
  }
}
