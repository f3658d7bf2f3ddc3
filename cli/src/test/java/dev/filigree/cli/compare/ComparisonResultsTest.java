package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.cli.compare.ComparisonPlan.Result;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.TrainingFlops;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written of runs whose losses are made up. */
class ComparisonResultsTest {
  private static final Path BASE = Path.of("../configs/compare/all.yaml").toAbsolutePath();
  private static final double DIVERGED = Double.POSITIVE_INFINITY;

  @TempDir Path folder;

  private final StringWriter printed = new StringWriter();

  private ComparisonPlan plan(String settings) throws IOException {
    Path file = folder.resolve("comparison.yaml");
    Files.writeString(
        file,
        "compare:\n  base: "
            + BASE
            + "\n  set: {loop.max_steps: 20, loop.eval_frequency: 10}\n"
            + settings);
    ComparisonFile read = ComparisonFile.read(file).changed(null, null);
    return new ComparisonPlan(new BaseConfig(BASE, read.overrides()), read);
  }

  /** Makes up all runs of a plan, by their names, and writes what came of them. */
  private JsonNode write(ComparisonPlan plan, Map<String, Double> losses) throws IOException {
    var out = new PrintWriter(printed);
    ComparisonResults.write(folder, plan, run -> result(run, losses), false, out);
    out.flush();
    return Json.read(Files.readString(folder.resolve("results.json")));
  }

  private @Nullable Result result(RunSpec run, Map<String, Double> losses) {
    Double loss = losses.get(run.name());
    if (loss == null) {
      return null;
    }
    try {
      Path directory = Files.createDirectories(folder.resolve(run.directory()));
      var rows = new ArrayList<String>();
      for (int step : List.of(10, 20)) {
        rows.add(
            String.format(
                Locale.ROOT,
                "{\"event\":\"train\",\"step\":%d,\"tokens\":%d,\"wall_seconds\":%d,\"loss\":3.5}",
                step,
                step * 1024,
                step / 10));
        double evaluated = Double.isFinite(loss) ? loss + (20 - step) * 0.1 : 9;
        rows.add(
            String.format(
                Locale.ROOT,
                "{\"event\":\"eval\",\"step\":%d,\"tokens\":%d,\"wall_seconds\":%d.5,\"loss\":%s,\"bits_per_byte\":%s}",
                step,
                step * 1024,
                step / 10,
                evaluated,
                evaluated / 2));
      }
      if (Double.isFinite(loss)) {
        rows.add(
            "{\"event\":\"end\",\"step\":20,\"tokens\":20480,\"wall_seconds\":2.75,\"reason\":\"completed\",\"steps\":20,"
                + "\"train_loss\":3.25,\"sparsity\":0.8,\"seconds\":2.75,\"cpu_seconds\":4.5,\"seconds_since_step\":0,"
                + "\"tokens_per_second\":8192,\"peak_memory_bytes\":1048576,\"device\":\"cpu, 2 threads\",\"execution\":\"masked\"}");
      } else {
        Files.writeString(directory.resolve(RunWatch.DIVERGED), "it did\n");
      }
      Files.write(directory.resolve("metrics.jsonl"), rows);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return new Result(loss, 0.1);
  }

  private Map<String, Map<String, String>> table(String name, String... key) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(name));
    String[] columns = lines.getFirst().split(",", -1);
    var rows = new LinkedHashMap<String, Map<String, String>>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1); // not within quotes
      assertThat(cells).hasSameSizeAs(columns);
      var row = new LinkedHashMap<String, String>();
      for (int i = 0; i < cells.length; i++) {
        row.put(columns[i], cells[i]);
      }
      List<String> names = List.of(columns);
      rows.put(
          Stream.of(key)
              .map(column -> cells[names.indexOf(column)])
              .collect(Collectors.joining(" ")),
          row);
    }
    return rows;
  }

  private static <V> V at(Map<String, V> map, String key) {
    return Objects.requireNonNull(map.get(key), key);
  }

  @Test
  void differencesAreToStaticAndToTheBetterSmallDenseNetwork() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              seeds: 2
              methods:
                small: {method: small_dense, learning_rate: 1.0e-3}
                small_fast: {method: small_dense, learning_rate: 4.0e-3}
                snip: {method: static, sparsity: {init_method: snip}}
                static:
                set:
            """);
    var losses = new LinkedHashMap<String, Double>();
    double[][] both = {{2.9, 3.1}, {2.7, 2.9}, {2.6, 2.8}, {2.5, 2.7}, {2.4, 2.64}};
    for (int i = 0; i < both.length; i++) {
      String name = plan.groups().get(i).name();
      losses.put(name + ", seed 0", both[i][0]);
      losses.put(name + ", seed 1", both[i][1]);
    }
    JsonNode groups = write(plan, losses).path("groups");
    JsonNode set = groups.get(4);
    assertThat(set.at("/validation_loss/mean").asDouble()).isEqualTo(2.52, within(1e-12));
    assertThat(set.at("/validation_loss/standard_error").asDouble()).isEqualTo(0.12, within(1e-9));
    // Seed by seed -0.1 and -0.06: mean -0.08, standard error 0.02, t of one degree 12.706.
    JsonNode toStatic = set.path("difference_to_static");
    assertThat(toStatic.path("reference").asText()).isEqualTo("static");
    assertThat(toStatic.path("mean").asDouble()).isEqualTo(-0.08, within(1e-9));
    assertThat(toStatic.path("low_95").asDouble()).isEqualTo(-0.08 - 12.706 * 0.02, within(1e-9));
    assertThat(toStatic.path("high_95").asDouble()).isEqualTo(-0.08 + 12.706 * 0.02, within(1e-9));
    JsonNode toSmall = set.path("difference_to_small_dense");
    assertThat(toSmall.path("reference").asText()).isEqualTo("small_fast");
    assertThat(toSmall.path("mean").asDouble()).isEqualTo(-0.28, within(1e-9));
    assertThat(groups.get(3).path("difference_to_static").isNull()).isTrue();
    assertThat(groups.get(2).at("/difference_to_static/mean").asDouble())
        .isEqualTo(0.1, within(1e-9));
    assertThat(printed.toString())
        .containsPattern("set .* 2.5200 ± 0.1200 -0.0800 \\[-0.3341, \\+0.1741] -0.2800 \\[");
  }

  @Test
  void tablesHaveARowARunAndARowAnEvaluation() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              seeds: 1
              tune_length: 0.5
              methods:
                dense:
                rigl:
                  tune: {sparsity.learning_rate: [{multiplier: 1}, {multiplier: 3}], learning_rate: [1.0e-3]}
            """);
    JsonNode results =
        write(
            plan,
            Map.of(
                "dense, seed 0", 2.0,
                "rigl, sparsity.learning_rate=multiplier_1, learning_rate=0.001", 2.5,
                "rigl, sparsity.learning_rate=multiplier_3, learning_rate=0.001", 2.25,
                "rigl, seed 0", 2.125));
    assertThat(results.path("complete").asBoolean()).isTrue();
    Map<String, Map<String, String>> runs =
        table("results.csv", "method", "role", "tuned.sparsity.learning_rate.multiplier");
    assertThat(runs.keySet())
        .containsExactly("dense final ", "rigl tuning 1", "rigl tuning 3", "rigl final 3");
    Map<String, String> rigl = at(runs, "rigl final 3");
    assertThat(rigl)
        .containsEntry("run", "rigl-seed0")
        .containsEntry("sparsity", "0.8")
        .containsEntry("seed", "0")
        .containsEntry("algorithm", "rigl")
        .containsEntry("status", "completed")
        .containsEntry("diverged", "false")
        .containsEntry("budget", "equal tokens")
        .containsEntry("learning_rate", "0.001")
        .containsEntry("learning_rate_multiplier", "3.0")
        .containsEntry("steps", "20")
        .containsEntry("tokens", "20480")
        .containsEntry("validation_loss", "2.125")
        .containsEntry("bits_per_byte", "1.0625")
        .containsEntry("accuracy", "")
        .containsEntry("train_loss", "3.25")
        .containsEntry("seconds", "2.75")
        .containsEntry("cpu_seconds", "4.5")
        .containsEntry("tokens_per_second", "8192")
        .containsEntry("peak_memory_bytes", "1048576")
        .containsEntry("counted_sparsity", "0.8")
        .containsEntry("device", "\"cpu, 2 threads\"")
        .containsEntry("execution", "masked")
        .containsEntry("tuned.learning_rate", "0.001");
    assertThat(Double.parseDouble(at(rigl, "perplexity"))).isEqualTo(Math.exp(2.125));
    assertThat(runs.get("dense final "))
        .containsEntry("sparsity", "")
        .containsEntry("learning_rate_multiplier", "");
    double dense = Double.parseDouble(at(at(runs, "dense final "), "training_flops"));
    assertThat(dense)
        .isEqualTo(
            20480 * TrainingFlops.of(plan.sample(plan.groups().getFirst()).config()).perPosition());
    double sparse = Double.parseDouble(at(rigl, "training_flops"));
    double evidence = Double.parseDouble(at(rigl, "evidence_flops"));
    assertThat(evidence).isPositive().isLessThan(sparse);
    assertThat(sparse).isLessThan(dense);

    Map<String, Map<String, String>> evaluations = table("evaluations.csv", "run", "step");
    assertThat(evaluations).hasSize(8);
    assertThat(evaluations.get("dense-seed0 10"))
        .containsEntry("role", "final")
        .containsEntry("tokens", "10240")
        .containsEntry("seconds", "1.5")
        .containsEntry("loss", "3.0");
    assertThat(Double.parseDouble(at(at(evaluations, "dense-seed0 10"), "flops")))
        .isEqualTo(dense / 2);
    assertThat(Double.parseDouble(at(at(evaluations, "rigl-seed0 20"), "flops"))).isEqualTo(sparse);
    assertThat(printed.toString()).contains("one seed: no interval");
    assertThat(results.path("equal").toString())
        .contains(
            "Equal tokens: every run made 20 steps of 16 samples, 20.5 k tokens.",
            "rigl: sparsity.learning_rate.multiplier 1, 3, learning_rate 0.001.",
            "Not tuned, but as the recipe or the file says: dense.");
  }

  @Test
  void aRunThatDivergedHasNoLossAndTakesThatOfItsMethod() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              seeds: 2
              methods:
                static:
                rigl:
            """);
    JsonNode results =
        write(
            plan,
            Map.of(
                "static, seed 0",
                2.0,
                "static, seed 1",
                2.5,
                "rigl, seed 0",
                1.5,
                "rigl, seed 1",
                DIVERGED));
    JsonNode rigl = results.path("groups").get(1);
    assertThat(rigl.path("diverged").asInt()).isEqualTo(1);
    assertThat(rigl.path("validation_loss").isNull()).isTrue();
    assertThat(rigl.at("/difference_to_static/mean").isNull()).isTrue();
    assertThat(rigl.at("/difference_to_static/remark").asText())
        .isEqualTo("no pair of seeds without divergence");
    Map<String, String> row = at(table("results.csv", "run"), "rigl-seed1");
    assertThat(row)
        .containsEntry("status", "diverged")
        .containsEntry("diverged", "true")
        .containsEntry("validation_loss", "")
        .containsEntry("perplexity", "")
        .containsEntry("cpu_seconds", "");
    assertThat(printed.toString()).contains("1 of 2 diverged");
    assertThat(folder.resolve("rigl-seed1/report.html")).isRegularFile();
  }

  @Test
  void aComparisonThatStoppedHasWhatIsOver() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              seeds: 2
              methods:
                static:
                rigl:
            """);
    JsonNode results = write(plan, Map.of("static, seed 0", 2.0));
    assertThat(results.path("complete").asBoolean()).isFalse();
    assertThat(results.path("groups")).hasSize(1);
    assertThat(table("results.csv", "run").keySet()).containsExactly("static-seed0");
  }

  @Test
  void theGuideNamesEveryColumn() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              seeds: 1
              methods:
                static: {tune: {sparsity.learning_rate: [{multiplier: 3}]}}
            """);
    write(plan, Map.of("static, seed 0", 2.0));
    String guide = Files.readString(Path.of("../docs/comparing.md"));
    for (String name : List.of("results.csv", "evaluations.csv")) {
      String part = guide.substring(guide.indexOf("\n`" + name + "`"));
      for (String column : Files.readAllLines(folder.resolve(name)).getFirst().split(",", -1)) {
        assertThat(part).contains("`" + column.replaceFirst("^tuned\\..*", "tuned.PATH") + "`");
      }
    }
  }
}
