package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks are trained dense, pruned, measured, fine-tuned under their masks and exported. */
class PruneCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;

  @BeforeAll
  static void writeData() throws IOException {
    WalkData.write(directory);
  }

  static List<WalkNetwork> texts() {
    return WalkNetwork.families().stream().filter(WalkNetwork::isText).toList();
  }

  static List<WalkNetwork> pictures() {
    return WalkNetwork.families().stream().filter(network -> !network.isText()).toList();
  }

  private static Tensor at(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private static Program ok(Program program) {
    assertThat(program.exitCode()).as(program.err()).isZero();
    return program;
  }

  private static Path trained(WalkNetwork network) throws IOException {
    Path folder = Files.createTempDirectory(directory, "prune");
    Path config =
        Files.writeString(folder.resolve("c.yaml"), network.yaml(directory, "masked", "none"));
    ok(Program.run("train", config.toString(), "--out", folder.resolve("run").toString()));
    return folder;
  }

  private static Program prune(Path from, String... more) {
    var arguments = new ArrayList<>(List.of("prune", from.toString()));
    arguments.addAll(List.of(more));
    return Program.run(arguments.toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void aPrunedLanguageModelIsMeasuredFineTunedUnderItsMasksAndExported(WalkNetwork network)
      throws IOException {
    Path folder = trained(network);
    Path run = folder.resolve("run");
    String pruned = folder.resolve("pruned").toString();
    Program program =
        ok(
            prune(
                run,
                "--algorithm",
                "wanda",
                "--sparsity",
                "0.5",
                "--samples",
                "4",
                "--to",
                pruned));
    assertThat(program.out()).contains("50.00 % sparse", "perplexity", "before", "after");
    assertThat(program.err()).isEmpty();

    JsonNode record = JSON.readTree(Path.of(pruned, "pruning.json").toFile());
    JsonNode evaluated =
        JSON.readTree(ok(Program.run("evaluate", pruned, "--json")).out()).path("results");
    assertThat(evaluated).isEqualTo(record.path("after"));
    assertThat(record.path("before")).isNotEqualTo(record.path("after"));
    ok(Program.run("generate", pruned, "--prompt", "a", "--tokens", "3"));

    Map<String, Tensor> masks = Checkpoints.open(Path.of(pruned)).masks();
    assertThat(masks).hasSize(record.path("layers").size()).isNotEmpty();
    String tuned = folder.resolve("tuned").toString();
    ok(
        Program.run(
            "train",
            Path.of(pruned, "config.yaml").toString(),
            "-s",
            "ckpt_path=" + pruned,
            "-s",
            "sparsity={sparsity: 0.5, init_method: from_zeros}",
            "--out",
            tuned));
    Checkpoints.open(Path.of(tuned))
        .masks()
        .forEach((name, mask) -> assertThat(mask.equal(at(masks, name))).as(name).isTrue());
    String exported = folder.resolve("exported").toString();
    ok(Program.run("export", tuned, "--to", exported));
    Map<String, Tensor> weights =
        Tensors.namedParameters(TrainedNetwork.open(Path.of(exported)).model());
    Map<String, Tensor> before =
        Tensors.namedParameters(TrainedNetwork.open(Path.of(pruned)).model());
    masks.forEach(
        (name, mask) -> {
          Tensor nonZeros = at(weights, name).ne(new Scalar(0.0));
          assertThat(nonZeros.logical_and(mask.logical_not()).any().item_bool()).isFalse();
          assertThat(at(weights, name).equal(at(before, name))).as(name).isFalse();
        });

    // A folder in Hugging Face's layout is pruned too, again and further.
    Program further =
        ok(
            prune(
                Path.of(exported),
                "--algorithm",
                "sparsegpt",
                "--pattern",
                "1:4",
                "--samples",
                "100000",
                "--data",
                folder.resolve("c.yaml").toString(),
                "--validation",
                folder.resolve("c.yaml").toString(),
                "--to",
                folder.resolve("further").toString(),
                "--json"));
    JsonNode json = JSON.readTree(further.out());
    assertThat(json.path("sparsity").asDouble()).isEqualTo(0.75);
    assertThat(json.path("after").path("text").path("perplexity").isNumber()).isTrue();
    assertThat(json.path("layers").path(0).path("output_error").asDouble()).isBetween(0.0, 1.0);
    assertThat(further.err()).contains("only ", " sequences of 16 tokens, not 100000");
  }

  @ParameterizedTest
  @MethodSource("pictures")
  void anyNetworkIsPrunedByMagnitudeAndOthersAreRefused(WalkNetwork network) throws IOException {
    Path run = trained(network).resolve("run");
    String to = run.resolveSibling("pruned").toString();
    Program refused = prune(run, "--algorithm", "wanda", "--sparsity", "0.5", "--to", to);
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err().lines()).hasSize(1);
    assertThat(refused.err()).contains("only language models are calibrated");
    Program pruned = ok(prune(run, "--algorithm", "magnitude", "--sparsity", "0.75", "--to", to));
    assertThat(pruned.out()).contains("validation loss: ", " before, ", " after", "75.");
    ok(Program.run("evaluate", to));
  }

  @Test
  void aPrunedNetworkHasNoOptimizerStateToGoOnWithAndIsNotOverwritten() throws IOException {
    Path folder = trained(texts().getFirst());
    String to = folder.resolve("pruned").toString();
    ok(prune(folder.resolve("run"), "--algorithm", "magnitude", "--pattern", "2:4", "--to", to));
    Program program =
        Program.run(
            "train",
            to + "/config.yaml",
            "-s",
            "ckpt_path=" + to,
            "-s",
            "checkpoint.load_checkpoint_states=model,optimizer",
            "--out",
            folder.resolve("tuned").toString());
    assertThat(program.exitCode()).isEqualTo(1);
    assertThat(program.err()).contains("has no optimizer state");
    Program again =
        prune(folder.resolve("run"), "--algorithm", "wanda", "--pattern", "2:4", "--to", to);
    assertThat(again.err()).contains("is there already; choose another place");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--algorithm obs --sparsity 0.5 | unknown algorithm 'obs'; allowed: magnitude, sparsegpt, wanda",
        "--algorithm wanda --sparsity 1 | sparsity must be in [0, 1), found 1.0",
        "--algorithm wanda | give one of --sparsity FRACTION and --pattern N:M",
        "--algorithm wanda --sparsity 0.5 --pattern 2:4 | give one of",
        "--algorithm wanda --pattern 2-4 | a pattern is N:M, such as 2:4; found '2-4'",
        "--algorithm wanda --pattern 5:4 | 1 <= N <= M",
        "--algorithm wanda --sparsity 0.5 --damping 0.1 | --damping is for --algorithm sparsegpt",
        "--algorithm sparsegpt --sparsity 0.5 --damping -1 | damping must be 0 or more",
        "--algorithm wanda --sparsity 0.5 --samples 0 | --samples and --length must be 1 or more",
        "--algorithm wanda --sparsity 0.5 --validation nothing | nothing: no such file",
        "--algorithm wanda --sparsity 0.5 | no such folder; give a run, a checkpoint or a folder"
      })
  void whatMakesNoSenseIsRefusedInOneLine(String options, String message) {
    var arguments = new ArrayList<>(List.of("--to", directory + "/new"));
    arguments.addAll(List.of(options.split(" ")));
    Program program = prune(directory.resolve("missing"), arguments.toArray(String[]::new));
    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err().lines()).hasSize(1);
    assertThat(program.err()).contains(message);
  }
}
