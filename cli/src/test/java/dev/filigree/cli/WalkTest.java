package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every network of the zoo, in every execution and with every algorithm, by the way that a user
 * goes: train, be killed, resume, evaluate, export, import, evaluate.
 */
class WalkTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double SPARSITY = 0.75;
  private static final String DROPPING = "sparsity: 0.75, drop_fraction: 0.3, update: {freq: 2}";
  private static final String RISING =
      "sparsity: {type: cubic, init_sparsity: 0, end_sparsity: 0.75, sparsity_start_step: 2,"
          + " sparsity_end_step: 6, prune_every_k_steps: 2}, update: {freq: 2, start: 2}";

  /** The blocks {@code sparsity}: GraNet and GMP begin dense. */
  private static final Map<String, String> ALGORITHMS =
      new TreeMap<>(
          Map.of(
              "static", "sparsity: 0.75",
              "set", DROPPING,
              "rigl", DROPPING,
              "granet", RISING + ", drop_fraction: 0.5",
              "gmp", RISING));

  /** The others that run compressed too; walked by two families. */
  private static final Map<String, String> MORE_COMPRESSED =
      new TreeMap<>(
          Map.of(
              "dsr", DROPPING,
              "mest", DROPPING,
              "smet", DROPPING,
              "srigl", DROPPING,
              "chts", DROPPING));

  /** Those that store or gather something of every weight, or alternate; walked by two families. */
  private static final Map<String, String> MORE_MASKED =
      new TreeMap<>(
          Map.of(
              "snfs", DROPPING,
              "ac_dc", "sparsity: 0.75, phase: 2, finetune: 6",
              "top_kast", "sparsity: 0.75, backward_sparsity: 0.5, init_method: topk",
              "magnitude_ste", "sparsity: 0.75, init_method: topk",
              "sr_ste", "sparsity: 0.75, n_of_m: \"1:4\", init_method: topk",
              "top_k", RISING,
              "str", "init: -5, update: {freq: 2}"));

  private static final Map<String, String> ALL_ALGORITHMS =
      Stream.of(ALGORITHMS, MORE_COMPRESSED, MORE_MASKED)
          .flatMap(map -> map.entrySet().stream())
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

  /** Those that move weights between layers. */
  private static final List<String> MOVING = List.of("dsr", "snfs");

  /** Counts the ages of weights, as Adam and AdamW can; pictures are trained by SGD here. */
  private static final String FOR_ADAM = "smet";

  /** First masks that are chosen by passes through the network. */
  private static final List<String> CHOSEN_BY_PASSES =
      List.of("snip", "grasp", "{type: synflow, iterations: 5}");

  /** What a clock measured, and since when. */
  private static final List<String> MEASURED =
      List.of(
          "tokens_per_second",
          "pictures_per_second",
          "positions_per_second",
          "step_seconds",
          "seconds",
          "wall_seconds",
          "cpu_seconds",
          "seconds_since_step",
          "peak_memory_bytes");

  @TempDir static Path directory;

  @BeforeAll
  static void writeData() throws IOException {
    WalkData.write(directory);
  }

  @Test
  void everyAlgorithmOfTheRegistryIsWalked() {
    assertThat(ALL_ALGORITHMS.keySet()).containsExactlyInAnyOrderElementsOf(Algorithms.names());
  }

  static List<WalkNetwork> families() {
    return WalkNetwork.families();
  }

  static List<WalkNetwork> otherNames() {
    return WalkNetwork.all().stream().filter(network -> !families().contains(network)).toList();
  }

  static Stream<Arguments> familiesAndAlgorithms() {
    return families().stream().flatMap(network -> walks(network, ALGORITHMS));
  }

  static Stream<Arguments> someFamiliesAndMoreCompressed() {
    return someFamilies().flatMap(network -> walks(network, MORE_COMPRESSED));
  }

  static Stream<Arguments> someFamiliesAndMoreMasked() {
    return someFamilies().flatMap(network -> walks(network, MORE_MASKED));
  }

  private static Stream<WalkNetwork> someFamilies() {
    return families().stream()
        .filter(network -> List.of("llama", "fc_mnist").contains(network.toString()));
  }

  private static Stream<Arguments> walks(WalkNetwork network, Map<String, String> algorithms) {
    return algorithms.keySet().stream()
        .filter(algorithm -> network.isText() || !algorithm.equals(FOR_ADAM))
        .map(algorithm -> Arguments.of(network, algorithm));
  }

  @ParameterizedTest
  @MethodSource("families")
  void aDenseNetworkWalks(WalkNetwork network) throws IOException {
    Path run = walk(network, "masked", "none");
    assertThat(Checkpoints.open(run).masks()).isEmpty();
  }

  /** The names beside the first one of each kind of network. */
  @ParameterizedTest
  @MethodSource("otherNames")
  void aNetworkOfAnotherNameWalks(WalkNetwork network) throws IOException {
    walk(network, "masked", sparsity("rigl", List.of()));
  }

  @ParameterizedTest
  @MethodSource({
    "familiesAndAlgorithms",
    "someFamiliesAndMoreCompressed",
    "someFamiliesAndMoreMasked"
  })
  void aMaskedNetworkWalks(WalkNetwork network, String algorithm) throws IOException {
    walk(network, "masked", sparsity(algorithm, List.of()));
  }

  @ParameterizedTest
  @MethodSource({"familiesAndAlgorithms", "someFamiliesAndMoreCompressed"})
  void aCompressedNetworkWalksAndHasTheMasksOfAMaskedOne(WalkNetwork network, String algorithm)
      throws IOException {
    assumeThat(WalkNetwork.DEVICE).as("compressed execution is the CPU's").isEqualTo("cpu");
    String sparsity = sparsity(algorithm, network.linear());
    Path run = walk(network, "compressed", sparsity);
    assertThat(rows(run).getLast()).containsEntry("execution", "compressed");
    Path masked = folder().resolve("masked");
    ok(train(network.yaml(directory, "masked", sparsity), masked));

    Map<String, Tensor> masks = Checkpoints.open(run).masks();
    Map<String, Tensor> expected = Checkpoints.open(masked).masks();
    assertThat(masks).containsOnlyKeys(expected.keySet()).isNotEmpty();
    masks.forEach((name, mask) -> assertThat(mask.equal(expected.get(name))).as(name).isTrue());
  }

  static Stream<Arguments> familiesAndFirstMasks() {
    return families().stream()
        .flatMap(
            network ->
                CHOSEN_BY_PASSES.stream()
                    .filter(mask -> hasOutputs(network) || !mask.contains("synflow"))
                    .map(mask -> Arguments.of(network, mask)));
  }

  /** Whether Filigree knows which tensor of the network is its output, as SynFlow has to. */
  private static boolean hasOutputs(WalkNetwork network) {
    return !network.name().equals(WalkOwnNetwork.NAME);
  }

  @ParameterizedTest
  @MethodSource("familiesAndFirstMasks")
  void aNetworkWhoseFirstMasksAreChosenByPassesThroughItWalks(WalkNetwork network, String mask)
      throws IOException {
    walk(network, "masked", "{algorithm: static, sparsity: 0.75, init_method: %s}".formatted(mask));
  }

  @Test
  void aNetworkOfWhichNoOutputIsKnownCannotStartWithSynFlow() throws IOException {
    WalkNetwork own =
        families().stream().filter(network -> !hasOutputs(network)).findFirst().orElseThrow();
    String sparsity = "{algorithm: static, sparsity: 0.75, init_method: synflow}";
    Path run = folder().resolve("run");
    String config = config(own.yaml(directory, "masked", sparsity), run);
    Program program = Program.run("train", config, "--out", run.toString());
    assertThat(program.exitCode()).isEqualTo(1);
    assertThat(program.err())
        .contains(
            "error: init_method synflow is for language models and image classifiers, not for own");
    assertThat(run).doesNotExist();
  }

  @Test
  void whatNeedsAdamCannotStartWithSgd() throws IOException {
    WalkNetwork pictures =
        families().stream().filter(network -> !network.isText()).findFirst().orElseThrow();
    Path run = folder().resolve("run");
    String config = config(pictures.yaml(directory, "masked", sparsity(FOR_ADAM, List.of())), run);
    Program program = Program.run("train", config, "--out", run.toString());
    assertThat(program.exitCode()).isEqualTo(1);
    assertThat(program.err())
        .contains("error: ages of single weights are counted by Adam and AdamW only, not by SGD");
    assertThat(run).doesNotExist();
  }

  private static String sparsity(String algorithm, List<String> filter) {
    return "{algorithm: %s, %s%s}"
        .formatted(
            algorithm,
            ALL_ALGORITHMS.get(algorithm),
            filter.isEmpty()
                ? ""
                : filter.stream()
                    .map(glob -> '"' + glob + '"')
                    .collect(Collectors.joining(", ", ", param_filter: [", "]")));
  }

  private static Path folder() throws IOException {
    return Files.createTempDirectory(directory, "walk");
  }

  /** The walk; returns the run that was killed and resumed. */
  private static Path walk(WalkNetwork network, String execution, String sparsity)
      throws IOException {
    Path folder = folder();
    String yaml = network.yaml(directory, execution, sparsity);
    Path whole = folder.resolve("whole");
    Path run = folder.resolve("run");
    Program trained = ok(train(yaml, whole));
    if (!network.isText()) {
      assertThat(trained.out() + trained.err()).doesNotContain("perplexity", "bits per byte");
    }
    trainABit(yaml, run);
    loseTheLastCheckpoint(run);
    ok(Program.run("train", "--resume", run.toString(), "--steps", "8"));
    assertThat(rows(run)).isEqualTo(rows(whole));
    for (String file : List.of("model.safetensors", "training.safetensors", "state.json")) {
      String path = "checkpoints/step-000008/" + file;
      assertThat(run.resolve(path)).hasSameBinaryContentAs(whole.resolve(path));
    }
    assertThat(run.resolve("report.html")).isNotEmptyFile();
    assertThat(Files.exists(run.resolve("sample.txt"))).isEqualTo(network.isText());

    JsonNode evaluated = evaluate(run);
    assertTheLossOfTheLastEvaluation(network, execution, run, evaluated);
    Path exported = folder.resolve("exported");
    Path imported = folder.resolve("imported");
    ok(Program.run("export", run.toString(), "--to", exported.toString()));
    ok(Program.run("import", exported.toString(), "--to", imported.toString()));
    Path config = Files.writeString(folder.resolve("config.yaml"), yaml);
    assertThat(evaluate(imported, "--config", config.toString())).isEqualTo(evaluated);
    assertSparse(run, imported, sparsity);
    return run;
  }

  private static Program train(String yaml, Path out) throws IOException {
    return ok(Program.run("train", config(yaml, out), "--out", out.toString()));
  }

  /** A run that ends before its schedule does says so, and nothing else. */
  private static void trainABit(String yaml, Path out) throws IOException {
    Program program =
        Program.run("train", config(yaml, out), "--out", out.toString(), "--steps", "5");
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(
            program
                .err()
                .lines()
                .filter(line -> line.startsWith("warning:") || line.startsWith("note:")))
        .allMatch(line -> line.contains("not the 75.00 % of its schedule"));
  }

  private static String config(String yaml, Path out) throws IOException {
    return Files.writeString(out.resolveSibling(out.getFileName() + ".yaml"), yaml).toString();
  }

  /** There is nothing to warn of, nor anything that was read another way than it was written. */
  private static Program ok(Program program) {
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.err()).doesNotContain("warning:", "note:");
    return program;
  }

  /** A process that was killed after step 5 leaves its rows, and no checkpoint after step 3. */
  private static void loseTheLastCheckpoint(Path run) throws IOException {
    Path last = run.resolve("checkpoints/step-000005");
    try (Stream<Path> files = Files.walk(last)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    assertThat(run.resolve("checkpoints/step-000003/manifest.json")).isRegularFile();
  }

  /** The rows of metrics.jsonl without what a clock measured, and without where it was made. */
  private static List<Map<String, Object>> rows(Path run) throws IOException {
    var rows = new ArrayList<Map<String, Object>>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      Map<String, Object> row = JSON.readValue(line, new TypeReference<Map<String, Object>>() {});
      row.keySet().removeAll(MEASURED);
      if (!List.of("start", "resume").contains(row.get("event"))) {
        rows.add(row);
      }
    }
    return rows;
  }

  private static JsonNode evaluate(Path checkpoint, String... more) throws IOException {
    var arguments = new ArrayList<>(List.of("evaluate", checkpoint.toString(), "--json"));
    arguments.addAll(List.of(more));
    return JSON.readTree(ok(Program.run(arguments.toArray(String[]::new))).out())
        .path("results")
        .path("validation");
  }

  private static void assertTheLossOfTheLastEvaluation(
      WalkNetwork network, String execution, Path run, JsonNode evaluated) throws IOException {
    Map<String, Object> row =
        rows(run).stream().filter(r -> "eval".equals(r.get("event"))).toList().getLast();
    double trained = (double) Objects.requireNonNull(row.get("loss"));
    // The weights that a checkpoint has are multiplied densely and on the CPU, which adds in
    // another
    // order.
    boolean alike = execution.equals("masked") && WalkNetwork.DEVICE.equals("cpu");
    double tolerance = alike ? 0 : 1e-5;
    assertThat(evaluated.path("loss").asDouble()).isCloseTo(trained, within(tolerance));
    assertThat(evaluated.has("perplexity")).isEqualTo(network.isText());
    assertThat(row.containsKey("perplexity")).isEqualTo(network.isText());
    assertThat(rows(run).getLast().get("perplexity") != null).isEqualTo(network.isText());
  }

  /**
   * The masks keep what the configuration says, and what they drop is zero in the weights that came
   * back. STR learns how much each layer keeps; SRigL rounds down to equal outputs.
   */
  private static void assertSparse(Path run, Path imported, String sparsity) {
    boolean learned = sparsity.contains("algorithm: str");
    boolean equalOutputs = sparsity.contains("algorithm: srigl");
    boolean moving = MOVING.stream().anyMatch(name -> sparsity.contains("algorithm: " + name));
    Map<String, Tensor> weights = Tensors.namedParameters(Checkpoints.open(imported).loadModel());
    long keptOfAll = 0;
    long configuredOfAll = 0;
    for (Map.Entry<String, Tensor> each : Checkpoints.open(run).masks().entrySet()) {
      String name = each.getKey();
      Tensor mask = each.getValue();
      Tensor weight = Objects.requireNonNull(weights.get(name), name);
      long kept = mask.sum().item_long();
      long configured = (long) (weight.numel() * (1 - SPARSITY));
      if (equalOutputs) {
        assertThat(kept).as(name).isBetween(configured - mask.size(0) + 1, configured);
      } else if (!learned && !moving) {
        assertThat(kept).as(name).isEqualTo(configured);
      }
      keptOfAll += kept;
      configuredOfAll += configured;
      Tensor nonzero = weight.ne(torch.zeros_like(weight));
      assertThat(nonzero.logical_and(mask.logical_not()).any().item_bool()).as(name).isFalse();
      assertThat(nonzero.sum().item_long()).as(name).isBetween(kept / 2, kept);
    }
    if (moving) {
      assertThat(keptOfAll).isEqualTo(configuredOfAll);
    }
  }
}
