package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kill -9 at random moments, and what a run that was killed so ends as. */
@Tag("reliability")
class KillTest {
  private static final int KILLS = 50;
  private static final long SEED = 20261124;

  /** Most of a short life is its start. */
  private static final List<String> FAST = List.of("-XX:TieredStopAtLevel=1");

  @TempDir Path folder;
  private final Random random = new Random(SEED);
  private int inCheckpoint;
  private int whileStarting;

  @Test
  void aRunKilledFiftyTimesEqualsOneNeverKilled() throws Exception {
    Path config = TinyConfig.write(folder);
    Path whole = folder.resolve("whole");
    try (Child child = start(config, whole)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    int kills = 0;
    int runs = 0;
    while (kills < KILLS) {
      Path run = folder.resolve("killed" + runs++);
      boolean ended = false;
      while (!ended) {
        // Once all the kills are done, the run is left to end.
        ended = kills == KILLS ? letEnd(config, run) : !killed(config, run, kills);
        kills += ended ? 0 : 1;
      }
      assertEqual(run, whole);
    }
    Findings.add(
        "01-kill",
        "`kill -9` in a run with a checkpoint every 5 steps (seed " + SEED + ")",
        "%d times in %d runs: %d while a checkpoint was being written, %d while starting"
            .formatted(kills, runs, inCheckpoint, whileStarting),
        "each run went on from its newest whole checkpoint and ended with the metrics, weights, masks"
            + " and optimizer state of a run never killed, bit for bit",
        "nothing; half-written checkpoints were passed over with one line each");
  }

  private Child start(Path config, Path run) throws IOException {
    // A run that died before its first checkpoint has nothing to go on from.
    if (Files.exists(run) && Checkpoints.newestWhole(run).checkpoint().isEmpty()) {
      delete(run);
    }
    return Files.exists(run)
        ? Child.start(folder, FAST, "train", "--quiet", "--resume", run.toString())
        : Child.start(folder, FAST, "train", config.toString(), "--quiet", "--out", run.toString());
  }

  private boolean letEnd(Path config, Path run) throws Exception {
    try (Child child = start(config, run)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
      return true;
    }
  }

  /** Starts the run or goes on with it and kills it; false when it came to its end before that. */
  private boolean killed(Path config, Path run, int number) throws Exception {
    boolean partialBefore = !partial(run).isEmpty();
    try (Child child = start(config, run)) {
      long before = Files.exists(run) ? TinyConfig.lastStep(run) : -1;
      boolean early = number % 5 == 0;
      if (early) {
        Thread.sleep(random.nextInt(1500));
      } else {
        while (child.isAlive() && TinyConfig.lastStep(run) <= before) {
          before = Math.min(before, TinyConfig.lastStep(run));
          Thread.sleep(1);
        }
        pause(random.nextInt(500_000));
        if (number % 2 == 0) {
          while (child.isAlive() && partial(run).isEmpty()) {
            Thread.onSpinWait();
          }
          pause(random.nextInt(6_000));
        }
      }
      boolean alive = child.isAlive();
      child.kill();
      if (partialBefore && !early) {
        assertThat(child.output()).contains("passed over: never finished; removed");
      }
      if (!alive) {
        assertThat(child.exitCode()).describedAs(child.output()).isZero();
        return false;
      }
      inCheckpoint += partial(run).isEmpty() ? 0 : 1;
      whileStarting += early ? 1 : 0;
      if (Files.exists(run)) {
        assertThat(Checkpoints.newestWhole(run).passedOver()).isEmpty();
      }
      return true;
    }
  }

  private static void pause(long microseconds) throws InterruptedException {
    TimeUnit.MICROSECONDS.sleep(microseconds);
  }

  /** Half-written checkpoints. */
  private static List<Path> partial(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".")).toList();
    }
  }

  private static void assertEqual(Path run, Path whole) throws IOException {
    assertThat(TinyConfig.rows(run)).isEqualTo(TinyConfig.rows(whole));
    for (String file : List.of("model.safetensors", "training.safetensors", "state.json")) {
      String path = "checkpoints/step-001500/" + file;
      assertThat(Files.readAllBytes(run.resolve(path)))
          .describedAs(file)
          .isEqualTo(Files.readAllBytes(whole.resolve(path)));
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
