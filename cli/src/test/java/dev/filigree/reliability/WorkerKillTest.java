package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Kill -9 of random workers at random moments, and what {@code --restarts} makes of it. */
@Tag("reliability")
@DisabledOnOs(OS.WINDOWS)
class WorkerKillTest {
  private static final int KILLS = 20;
  private static final int WORKERS = 2;
  private static final long SEED = 20261126;

  @TempDir Path folder;

  @Test
  void aRunWhoseWorkersAreKilledTwentyTimesEqualsOneNeverKilled() throws Exception {
    Path config = TinyConfig.write(folder);
    Path whole = folder.resolve("whole");
    try (Child child = train(config, whole, 0)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    Path run = folder.resolve("killed");
    var random = new Random(SEED);
    int kills = 0;
    long slowest = 0;
    try (Child child = train(config, run, KILLS)) {
      child.await(() -> Checkpoints.newestWhole(run).checkpoint().isPresent());
      while (kills < KILLS) {
        long before = TinyConfig.lastStep(run);
        child.await(() -> WorkersTest.workers(child).size() == WORKERS);
        List<ProcessHandle> workers = WorkersTest.workers(child);
        if (kills % 4 > 0) { // else while they start
          child.await(() -> TinyConfig.lastStep(run) != before);
        }
        Thread.sleep(random.nextInt(300));
        long killed = System.nanoTime();
        workers.get(random.nextInt(WORKERS)).destroyForcibly();
        kills++;
        child.await(() -> workers.stream().noneMatch(ProcessHandle::isAlive));
        slowest = Math.max(slowest, System.nanoTime() - killed);
      }
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
      assertThat(child.output()).contains("restart %d of %d".formatted(KILLS, KILLS));
    }
    assertThat(TinyConfig.rows(run)).isEqualTo(TinyConfig.rows(whole));
    for (String file : List.of("model.safetensors", "training.safetensors", "state.json")) {
      String path = "checkpoints/step-001500/" + file;
      assertThat(Files.readAllBytes(run.resolve(path)))
          .describedAs(file)
          .isEqualTo(Files.readAllBytes(whole.resolve(path)));
    }
    assertThat(slowest).isLessThan(10_000_000_000L);
    Findings.add(
        "01-kill-workers",
        "`kill -9` of one of two workers (seed " + SEED + ")",
        "%d times in one run with `--restarts %d`; the other ended at most %.1f s later"
            .formatted(kills, KILLS, slowest / 1e9),
        "the run ended with the metrics, weights, masks and optimizer state of a run never killed, bit"
            + " for bit",
        "nothing");
  }

  private Child train(Path config, Path run, int restarts) throws IOException {
    return Child.start(
        folder,
        List.of(),
        "train",
        config.toString(),
        "--quiet",
        "--out",
        run.toString(),
        "--workers",
        Integer.toString(WORKERS),
        "--restarts",
        Integer.toString(restarts));
  }
}
