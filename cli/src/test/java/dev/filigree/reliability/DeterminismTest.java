package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same seed gives the same numbers, whatever the number of threads. */
@Tag("reliability")
class DeterminismTest {
  private static final List<Integer> THREADS = List.of(1, 2, 3, 5);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void theNumbersDoNotDependOnTheThreads(String execution) throws Exception {
    Path config = TinyConfig.write(folder);
    var logs = new ArrayList<List<Map<String, Object>>>();
    var weights = new ArrayList<byte[]>();
    for (int threads : THREADS) {
      Path run = folder.resolve("run" + threads);
      // Large enough that libtorch and the kernels do share the work among threads.
      try (Child child =
          Child.start(
              folder,
              List.of(),
              List.of("-XX:ActiveProcessorCount=" + threads),
              Map.of("OMP_NUM_THREADS", Integer.toString(threads)),
              "train",
              config.toString(),
              "--quiet",
              "--out",
              run.toString(),
              "--execution",
              execution,
              "-s",
              "loop.max_steps=20",
              "-s",
              "model.hidden_size=192",
              "-s",
              "model.filter_size=256",
              "-s",
              "train_dataloader.batch_size=16")) {
        assertThat(child.exitCode()).describedAs(child.output()).isZero();
      }
      List<Map<String, Object>> rows = TinyConfig.rows(run);
      // How many threads there were is part of the summary.
      rows.forEach(row -> row.remove("device"));
      logs.add(rows);
      weights.add(Files.readAllBytes(run.resolve("checkpoints/step-000020/model.safetensors")));
    }
    assertThat(logs).allSatisfy(log -> assertThat(log).isEqualTo(logs.getFirst()));
    assertThat(weights).allSatisfy(bytes -> assertThat(bytes).isEqualTo(weights.getFirst()));
    Findings.add(
        "15-threads-" + execution,
        "the same seed with " + THREADS + " threads, " + execution,
        THREADS.size() + " runs",
        "the same metrics and weights, bit for bit",
        "nothing");
  }
}
