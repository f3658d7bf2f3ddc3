package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Durable;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.TrainingFlops;
import dev.filigree.zoo.train.log.EventFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogsTest {
  private static final String LOGGERS = "logging={log_steps: 1, csv: true, tensorboard: true}";

  @TempDir private Path folder;

  private Path stoppedAndResumed(TinyRun tiny) throws IOException {
    Path run = folder.resolve("stopped");
    tiny.train(run, LOGGERS, "checkpoint.steps=3", "loop.stop_at=8");
    // As if it had been killed: the last checkpoint is gone, half a line is left.
    Durable.deleteTree(run.resolve("checkpoints/step-000008"));
    Files.writeString(run.resolve("metrics.csv"), "train,9,,115", StandardOpenOption.APPEND);
    TinyRun.resume(run, "loop.stop_at=12");
    return run;
  }

  @Test
  void aResumedRunsCsvIsThatOfARunThatStoppedNowhere() throws IOException {
    var tiny = new TinyRun(folder);
    Path whole = folder.resolve("whole");
    tiny.train(whole, LOGGERS);
    List<String> rows = withoutTimes(whole);
    assertThat(rows).hasSize(1 + 12 + 2 + 3 * 14);
    assertThat(rows.getFirst())
        .isEqualTo(
            "event,step,dataset,tokens,loss,perplexity,bits_per_byte,lr,grad_norm,sparsity,parameter,"
                + "dropped,grown,kept,target_sparsity,dead_rows,dead_columns,overlap_with_first,"
                + "explored,training_flops,mean_density,grad_norm_sparse,grad_norm_dense,age_mean,age_p10,"
                + "age_median,age_p90");
    assertThat(rows.get(5))
        .startsWith("mask_update,4,,1024,,,,,,0.75,model.layers.0.self_attn.q_proj.weight,");
    assertThat(rows.get(7 + 14)).startsWith("eval,6,,1536,");
    List<String> resumed = withoutTimes(stoppedAndResumed(tiny));
    assertThat(resumed.get(8 + 14)).startsWith("resume,6,,1536,");
    assertThat(resumed.stream().filter(row -> !row.startsWith("resume,"))).isEqualTo(rows);
  }

  @Test
  void aFileOfAnEarlierVersionKeepsItsColumns() throws IOException {
    Path run = folder.resolve("stopped");
    new TinyRun(folder).train(run, LOGGERS, "loop.stop_at=6");
    String header = "event,step,dataset,tokens,loss,lr,grad_norm,sparsity";
    Files.writeString(run.resolve("metrics.csv"), header + "\ntrain,1,,256,5.5,0.01,1.0,0.75\n");
    TinyRun.resume(run, "loop.stop_at=8");
    List<String> rows = Files.readAllLines(run.resolve("metrics.csv"));
    assertThat(rows).hasSize(5).first().isEqualTo(header);
    assertThat(rows.get(3)).startsWith("train,8,,2048,");
    assertThat(rows.get(3).split(",")).hasSize(8);
  }

  private static List<String> withoutTimes(Path run) throws IOException {
    Set<Integer> measured = Set.of(4, 11, 12); // wall_seconds, tokens_per_second, step_seconds
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(row -> row.split(",", -1))
        .map(
            row ->
                IntStream.range(0, row.length)
                    .filter(i -> !measured.contains(i))
                    .mapToObj(i -> row[i])
                    .collect(Collectors.joining(",")))
        .toList();
  }

  @Test
  void agesOfWeightsAreWrittenWhereTheyAreAskedFor() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder)
        .train(
            run,
            "logging={csv: true, tensorboard: true, weight_ages: true}",
            "sparsity.update.freq=2",
            "loop.max_steps=4");
    List<Map<String, Object>> ages = TinyRun.rows(run, "weight_ages");
    List<Map<String, Object>> updates = TinyRun.rows(run, "mask_update");
    assertThat(ages).hasSize(2);
    // What did not grow after step 2 is as old as the run.
    double grown =
        updates.stream().limit(14).mapToDouble(row -> TinyRun.number(row, "grown")).sum();
    double kept = updates.stream().limit(14).mapToDouble(row -> TinyRun.number(row, "kept")).sum();
    assertThat(TinyRun.number(ages.getFirst(), "age_mean"))
        .isCloseTo(2 * (1 - grown / kept), offset(1e-9));
    assertThat(ages.getFirst()).containsEntry("age_p10", 0L).containsEntry("age_p90", 2L);
    assertThat(updates.getLast()).containsKeys("age_mean", "age_median").containsEntry("step", 4L);
    assertThat(TinyRun.number(ages.getLast(), "age_p90")).isEqualTo(4);
    List<String> csv = Files.readAllLines(run.resolve("metrics.csv"));
    assertThat(csv.stream().filter(row -> row.startsWith("weight_ages,4,")).toList())
        .singleElement()
        .asString()
        .endsWith(",4");
    assertThat(EventFiles.read(EventFiles.of(run).getFirst()))
        .contains("4 masks/age_p90 4.0")
        .contains("2 masks/model.layers.0.self_attn.q_proj.weight/age_p90 2.0");
  }

  @Test
  void operationsAreCountedUpToEachRowWhateverWasResumed() throws IOException {
    var tiny = new TinyRun(folder);
    Path run = folder.resolve("run");
    tiny.train(run, "loop.stop_at=6");
    TinyRun.resume(run, "loop.stop_at=12");
    var counted = TrainingFlops.of(tiny.config());
    List<Map<String, Object>> rows = TinyRun.rows(run);
    assertThat(rows).hasSize(12 + 2 + 3 * 14 + 1);
    for (Map<String, Object> row : rows) {
      long step = (long) TinyRun.number(row, "step");
      assertThat(row).containsEntry("training_flops", counted.at(step, 256));
    }
    // RigL's gradients of all weights before an update.
    assertThat(counted.at(4, 1) - counted.at(3, 1)).isGreaterThan(counted.at(3, 1) / 3);
  }

  @Test
  void theMeanDensityIsThatOfTheStepsMade() throws IOException {
    Path run = folder.resolve("run");
    String gradual =
        "sparsity={algorithm: gmp, sparsity: [0.5, 0.75], update: {start: 4, freq: 4, stop: 20}}";
    new TinyRun(folder).train(run, gradual, "loop.stop_at=6");
    TinyRun.resume(run, "loop.stop_at=10");
    List<Map<String, Object>> train = TinyRun.rows(run, "train");
    // Four steps with all weights, four with half of them, two with a quarter.
    assertThat(TinyRun.number(train.get(3), "mean_density")).isEqualTo(1);
    assertThat(TinyRun.number(train.get(7), "mean_density")).isEqualTo(0.75);
    assertThat(TinyRun.number(train.get(9), "mean_density")).isCloseTo(0.65, offset(1e-12));
    assertThat(TinyRun.number(TinyRun.rows(run, "end").getFirst(), "mean_density"))
        .isCloseTo(0.65, offset(1e-12));
  }

  @Test
  void gradientNormsAreToldApart() throws IOException {
    var tiny = new TinyRun(folder);
    tiny.train(folder.resolve("masked"), "loop.max_steps=3");
    tiny.train(folder.resolve("compressed"), "loop.max_steps=3", "execution=compressed");
    tiny.train(folder.resolve("dense"), "loop.max_steps=1", "sparsity=none");
    List<Map<String, Object>> masked = TinyRun.rows(folder.resolve("masked"), "train");
    List<Map<String, Object>> compressed = TinyRun.rows(folder.resolve("compressed"), "train");
    for (int i = 0; i < 3; i++) {
      double sparse = TinyRun.number(masked.get(i), "grad_norm_sparse");
      double dense = TinyRun.number(masked.get(i), "grad_norm_dense");
      double all = TinyRun.number(masked.get(i), "grad_norm");
      assertThat(Math.hypot(sparse, dense)).isCloseTo(all, offset(1e-6 * all));
      assertThat(sparse).isBetween(0.01 * all, 0.99 * all);
      assertThat(TinyRun.number(compressed.get(i), "grad_norm_sparse"))
          .isCloseTo(sparse, offset(1e-4 * sparse));
    }
    assertThat(TinyRun.rows(folder.resolve("dense"), "train").getFirst())
        .doesNotContainKeys("grad_norm_sparse", "grad_norm_dense");
  }

  @Test
  void everyRowOfMetricsHasTokensAndWallTimeAndAResumeIsMarked() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, "loop.stop_at=6");
    TinyRun.resume(run, "loop.stop_at=12");
    var events = new ArrayList<String>();
    double before = 0;
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      JsonNode row = Json.read(line);
      events.add(row.path("event").asText());
      assertThat(row.path("tokens").asLong()).as(line).isEqualTo(row.path("step").asLong() * 256);
      double seconds = row.path("wall_seconds").asDouble(-1);
      assertThat(seconds).as(line).isGreaterThanOrEqualTo(before);
      before = seconds;
    }
    assertThat(events).startsWith("start", "train").containsOnlyOnce("start", "resume", "end");
    JsonNode resume =
        Json.read(Files.readAllLines(run.resolve("metrics.jsonl")).get(events.indexOf("resume")));
    assertThat(resume.path("step").asLong()).isEqualTo(6);
    assertThat(resume.path("last_step").asLong()).isEqualTo(12);
    assertThat(resume.path("host").asText()).isNotEmpty();
    assertThat(resume.path("versions").path("java").asText()).isNotEmpty();
  }

  @Test
  void whatARunExploredIsKnownAfterAResumeAndUnknownWithoutItsFile() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, "loop.stop_at=6");
    TinyRun.resume(run, "loop.stop_at=10");
    Map<String, Object> update = TinyRun.rows(run, "mask_update").getLast();
    assertThat(update).containsEntry("step", 8L);
    assertThat(TinyRun.number(update, "explored")).isBetween(0.3, 0.5);
    assertThat(TinyRun.number(update, "overlap_with_first")).isBetween(0.2, 0.8);
    Durable.deleteTree(run.resolve("mask-track"));
    TinyRun.resume(run, "loop.stop_at=12");
    assertThat(TinyRun.rows(run, "mask_update").getLast())
        .containsEntry("step", 12L)
        .containsKey("dead_rows")
        .doesNotContainKeys("explored", "overlap_with_first");
  }

  @Test
  void aRunOfAnEarlierVersionGoesOnWithoutWallTime() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, "loop.stop_at=6");
    Path metrics = run.resolve("metrics.jsonl");
    Files.writeString(metrics, Files.readString(metrics).replaceAll("\"wall_seconds\":[^,]*,", ""));
    TinyRun.resume(run, "loop.stop_at=7");
    assertThat(Files.readString(metrics)).contains("\"event\":\"resume\"");
    assertThat(Files.readString(metrics)).doesNotContain("wall_seconds");
  }

  @Test
  void tensorBoardGetsWhatMetricsHave() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, LOGGERS, "loop.max_steps=6");
    List<Path> files = EventFiles.of(run);
    assertThat(files).hasSize(1);
    assertThat(files.getFirst().getFileName().toString()).startsWith("events.out.tfevents.");
    List<String> events = EventFiles.read(files.getFirst());
    assertThat(events.getFirst()).isEqualTo("0 version");
    assertThat(events).hasSize(1 + 6 * 9 + 3 + 14 * 7 + 5);
    assertThat(events)
        .contains("4 layers/sparsity histogram of 14 from 0.75 to 0.75")
        .contains("4 masks/sparsity 0.75")
        .contains("4 masks/model.layers.0.self_attn.q_proj.weight/sparsity 0.75");
    Map<String, Object> last = TinyRun.rows(run, "train").getLast();
    assertThat(events).contains("6 train/loss " + (float) TinyRun.number(last, "loss"));
    assertThat(events).contains("6 train/sparsity 0.75").contains("6 train/mean_density 0.25");
    assertThat(events)
        .contains("6 train/flops " + (float) TinyRun.number(last, "training_flops"))
        .contains("6 train/grad_norm_sparse " + (float) TinyRun.number(last, "grad_norm_sparse"));
    Map<String, Object> evaluation = TinyRun.rows(run, "eval").getLast();
    assertThat(events)
        .contains("6 val/loss " + (float) TinyRun.number(evaluation, "loss"))
        .contains("6 val/bits_per_byte " + (float) TinyRun.number(evaluation, "bits_per_byte"));
    // Bytes are the tokens, but for the ends of the documents.
    assertThat(TinyRun.number(evaluation, "bits_per_byte"))
        .isCloseTo(TinyRun.number(evaluation, "loss") / Math.log(2), offset(0.01));
  }

  @Test
  void aResumedRunAddsAnEventFileThatReplacesLaterSteps() throws IOException {
    Path run = stoppedAndResumed(new TinyRun(folder));
    List<Path> files = EventFiles.of(run);
    assertThat(files).hasSize(2);
    assertThat(EventFiles.read(files.getFirst())).anyMatch(event -> event.startsWith("8 train/"));
    List<String> second = EventFiles.read(files.getLast());
    assertThat(second.subList(0, 2)).containsExactly("0 version", "7 start");
    assertThat(second).anyMatch(event -> event.startsWith("7 train/loss"));
    assertThat(second).anyMatch(event -> event.startsWith("12 val/loss"));
  }

  @Test
  void withoutLoggersThereIsMetricsJsonlAlone() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, "loop.max_steps=1");
    assertThat(run.resolve("metrics.jsonl")).exists();
    assertThat(run.resolve("metrics.csv")).doesNotExist();
    assertThat(run.resolve("events")).doesNotExist();
  }
}
