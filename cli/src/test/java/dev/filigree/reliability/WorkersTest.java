package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code train --workers}: processes of their own, as a user starts, stops and loses them. */
@DisabledOnOs(OS.WINDOWS)
class WorkersTest {
  private static final int TERMINATED = 128 + 15;

  @TempDir Path folder;
  private Path config;

  @BeforeEach
  void prepare() throws IOException {
    config = TinyConfig.write(folder);
  }

  private Child train(Path run, int workers, String... more) throws IOException {
    var arguments =
        new ArrayList<>(List.of("train", config.toString(), "--quiet", "--out", run.toString()));
    arguments.addAll(List.of("-s", "model.dropout_rate=0")); // each worker draws another
    if (workers > 1) {
      arguments.addAll(List.of("--workers", Integer.toString(workers)));
    }
    arguments.addAll(List.of(more));
    return Child.start(folder, List.of(), arguments.toArray(String[]::new));
  }

  /** The processes that it started, in the order of their ranks. */
  static List<ProcessHandle> workers(Child child) {
    return ProcessHandle.of(child.pid()).stream()
        .flatMap(ProcessHandle::children)
        .sorted(Comparator.comparingLong(ProcessHandle::pid))
        .toList();
  }

  private static List<Double> losses(Path run) throws IOException {
    return TinyConfig.rows(run).stream()
        .filter(row -> List.of("train", "eval").contains(row.get("event")))
        .map(row -> (Double) row.get("loss"))
        .toList();
  }

  @Test
  void twoTrainAsOneDoesAndEitherGoesOnWithTheRun() throws Exception {
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    try (Child child = train(one, 1, "--steps", "120")) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    try (Child child = train(two, 2, "--steps", "60")) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
      assertThat(child.output()).doesNotContain("Gloo");
    }
    TinyConfig.resume(folder, two, 90);
    try (Child child =
        Child.start(
            folder,
            List.of(),
            "train",
            "--quiet",
            "--resume",
            two.toString(),
            "--steps",
            "120",
            "--workers",
            "2")) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    List<Double> expected = losses(one);
    List<Double> found = losses(two);
    assertThat(found).hasSameSizeAs(expected).hasSizeGreaterThan(120);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i))
          .as("row " + i)
          .isCloseTo(expected.get(i), within(1e-5 * expected.get(i)));
    }
  }

  @Test
  void oneThatIsKilledEndsAllAndIsNamed() throws Exception {
    Path run = folder.resolve("run");
    try (Child child = train(run, 2)) {
      child.await(() -> TinyConfig.lastStep(run) > 3);
      List<ProcessHandle> workers = workers(child);
      assertThat(workers).hasSize(2);
      workers.get(1).destroyForcibly();
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.output()).contains("error: worker 1 of 2 was killed by signal 9");
      assertThat(workers).noneMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void theErrorOfAWorkerIsThatOfTheRun() throws Exception {
    try (Child child = train(folder.resolve("run"), 3, "--steps", "3")) { // of a batch of two
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.output())
          .contains("error: worker ", "batch_size 2 is no multiple of the 3 replicas");
    }
  }

  @Test
  void aPoliteKillStopsAllAfterTheSameStepWithACheckpoint() throws Exception {
    Path run = folder.resolve("run");
    try (Child child = train(run, 2, "-s", "checkpoint.steps=0")) {
      child.await(() -> TinyConfig.lastStep(run) > 3);
      child.signal("TERM");
      assertThat(child.exitCode()).describedAs(child.output()).isEqualTo(TERMINATED);
      assertThat(child.output())
          .contains("Go on with: filigree train --resume " + run + " --workers 2");
      assertThat(TinyConfig.savedStep(run)).isEqualTo(TinyConfig.lastStep(run)).isPositive();
    }
  }

  @Test
  void aWorkerOfAClusterIsNotStartedWithWorkersOfItsOwn() throws Exception {
    var environment =
        Map.of(
            "RANK", "0",
            "LOCAL_RANK", "0",
            "WORLD_SIZE", "2",
            "MASTER_ADDR", "localhost",
            "MASTER_PORT", "29500");
    try (Child child =
        Child.start(folder, List.of(), List.of(), environment, "train", "--workers", "2")) {
      assertThat(child.exitCode()).isEqualTo(2);
      assertThat(child.output()).contains("this is already worker 0 of 2 by torchrun's variables");
    }
  }

  @Test
  void twoProcessesThatALauncherStartedFindEachOther() throws Exception {
    Path run = folder.resolve("run");
    List<Child> children = underSlurm(run, "--steps", "8");
    try {
      for (Child child : children) {
        assertThat(child.exitCode()).describedAs(child.output()).isZero();
      }
      assertThat(children.get(1).output())
          .contains("worker 1 of 2 by Slurm's variables, which meet at localhost:")
          .doesNotContain("validation loss");
      assertThat(children.get(0).output()).contains("validation loss");
    } finally {
      children.forEach(Child::close);
    }
  }

  @Test
  void aProcessThatALauncherStartedEndsWhenAnotherOneIsKilled() throws Exception {
    Path run = folder.resolve("run");
    List<Child> children = underSlurm(run);
    try {
      children.get(0).await(() -> TinyConfig.lastStep(run) > 3);
      long killed = System.nanoTime();
      ProcessHandle.of(children.get(1).pid()).orElseThrow().destroyForcibly();
      assertThat(children.get(0).exitCode()).describedAs(children.get(0).output()).isEqualTo(1);
      assertThat(System.nanoTime() - killed).isLessThan(10_000_000_000L);
      assertThat(children.get(0).output()).contains("replica 0 of 2: replica 1 is gone");
    } finally {
      children.forEach(Child::close);
    }
  }

  private List<Child> underSlurm(Path run, String... more) throws IOException {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    var arguments = new ArrayList<>(List.of("train", config.toString(), "--out", run.toString()));
    arguments.addAll(List.of(more));
    var children = new ArrayList<Child>();
    for (int rank = 0; rank < 2; rank++) {
      var slurm =
          Map.of(
              "SLURM_STEP_ID", "0",
              "SLURM_JOB_ID", "77",
              "SLURM_PROCID", Integer.toString(rank),
              "SLURM_LOCALID", Integer.toString(rank),
              "SLURM_STEP_NUM_TASKS", "2",
              "SLURM_STEP_NODELIST", "localhost",
              "MASTER_PORT", Integer.toString(port));
      children.add(
          Child.start(
              Files.createDirectories(folder.resolve("output" + rank)),
              List.of(),
              List.of(),
              slurm,
              arguments.toArray(String[]::new)));
    }
    return children;
  }
}
