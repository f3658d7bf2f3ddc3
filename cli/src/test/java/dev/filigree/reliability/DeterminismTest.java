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
import org.junit.jupiter.params.provider.CsvSource;

/** The same seed gives the same numbers, on one thread and on several. */
@Tag("reliability")
class DeterminismTest {
  private static final int RUNS = 2;

  @TempDir Path folder;

  // Our kernels give the same on any number of threads (their ProductsTest); libtorch does not.
  @ParameterizedTest
  @CsvSource({"masked, 1", "masked, 3", "compressed, 1", "compressed, 3"})
  void theSameSeedAndThreadsGiveTheSameNumbers(String execution, int threads) throws Exception {
    Path config = TinyConfig.write(folder);
    var logs = new ArrayList<List<Map<String, Object>>>();
    var weights = new ArrayList<byte[]>();
    for (int i = 0; i < RUNS; i++) {
      Path run = folder.resolve("run" + i);
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
      logs.add(TinyConfig.rows(run));
      weights.add(Files.readAllBytes(run.resolve("checkpoints/step-000020/model.safetensors")));
    }
    assertThat(logs).hasSize(RUNS).allSatisfy(log -> assertThat(log).isEqualTo(logs.getFirst()));
    assertThat(weights).allSatisfy(bytes -> assertThat(bytes).isEqualTo(weights.getFirst()));
    Findings.add(
        "15-seed-" + execution + "-" + threads,
        "the same seed again, %s, %d thread%s"
            .formatted(execution, threads, threads == 1 ? "" : "s"),
        RUNS + " runs",
        "the same metrics and weights, bit for bit",
        "nothing");
  }
}
