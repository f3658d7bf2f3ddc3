package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Disks that fill up, cannot be written or are taken away. */
@Tag("reliability")
@DisabledOnOs(OS.WINDOWS)
class DiskTest {
  private static final String FULL = "No space left on device";

  @TempDir Path folder;
  private Path config;

  @BeforeEach
  void prepare() throws IOException {
    config = TinyConfig.write(folder);
  }

  private Child train(Path run, String... more) throws IOException {
    return Child.start(
        folder,
        List.of(),
        join(List.of("train", config.toString(), "--out", run.toString()), more));
  }

  private static String[] join(List<String> first, String... more) {
    var all = new java.util.ArrayList<>(first);
    all.addAll(List.of(more));
    all.addAll(List.of("--quiet", "-s", "loop.max_steps=60"));
    return all.toArray(String[]::new);
  }

  private void assertStops(Child child, String reason) throws Exception {
    assertThat(child.exitCode()).describedAs(child.output()).isEqualTo(1);
    assertThat(child.lines()).singleElement().asString().startsWith("error: ").contains(reason);
  }

  /** Goes on with the run, whose end must be that of one that met no fault. */
  private void assertResumes(Path run) throws Exception {
    try (Child child =
        Child.start(folder, List.of(), "train", "--quiet", "--resume", run.toString())) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    Path whole = folder.resolve("whole");
    try (Child child = train(whole)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    String weights = "checkpoints/step-000060/model.safetensors";
    assertThat(Files.readAllBytes(run.resolve(weights)))
        .isEqualTo(Files.readAllBytes(whole.resolve(weights)));
    if (Files.readString(run.resolve("metrics.jsonl")).contains("\"step\":1,")) {
      assertThat(TinyConfig.rows(run)).isEqualTo(TinyConfig.rows(whole));
    }
  }

  /** A small disk of its own; only root can make one. */
  private Path disk(String size) throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeTrue(
        call("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk.toString()) == 0,
        "a small disk cannot be mounted: not root, or not Linux");
    return disk;
  }

  private static int call(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor();
    } catch (IOException e) {
      return -1; // no such program
    }
  }

  @Test
  void aDiskThatFillsWithCheckpointsStopsTheRunAndTheLastOneIsWhole() throws Exception {
    Path disk = disk("700k");
    try {
      Path run = disk.resolve("run");
      try (Child child = train(run, "-s", "checkpoint.keep=0", "-s", "checkpoint.steps=2")) {
        assertStops(child, "checkpoint not saved: ");
        assertThat(child.output()).contains(FULL).contains("go on from it with --resume");
      }
      Checkpoints.Newest newest = Checkpoints.newestWhole(run);
      assertThat(newest.checkpoint()).isPresent();
      assertThat(newest.passedOver()).isEmpty();
      assertThat(call("mount", "-o", "remount,size=64m", disk.toString())).isZero();
      assertResumes(run);
    } finally {
      assertThat(call("umount", "-l", disk.toString())).isZero();
    }
    Findings.add(
        "02-disk-full-checkpoint",
        "disk full while saving (a disk of 700 KiB)",
        "once",
        "one line with the reason and the last good checkpoint, exit code 1; nothing half-written stayed;"
            + " with room again the run ended as one that met no fault, bit for bit",
        "nothing");
  }

  @Test
  void aDiskThatFillsWhileLoggingStopsTheRun() throws Exception {
    Path disk = disk("2m");
    try {
      Path run = disk.resolve("run");
      Path filler = disk.resolve("filler");
      try (Child child = train(run, "-s", "checkpoint.steps=10", "-s", "loop.max_steps=5000")) {
        child.await(() -> TinyConfig.lastStep(run) >= 20);
        call("dd", "if=/dev/zero", "of=" + filler, "bs=4k");
        assertStops(child, FULL);
      }
      assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
      Files.delete(filler);
      assertResumesTo(run, 60);
    } finally {
      assertThat(call("umount", "-l", disk.toString())).isZero();
    }
    Findings.add(
        "03-disk-full-metrics",
        "disk full while logging",
        "once",
        "one line with the file and the reason, exit code 1; with room again the run went on",
        "nothing; the half last line of metrics.jsonl was cut");
  }

  private void assertResumesTo(Path run, long steps) throws Exception {
    long from = TinyConfig.savedStep(run);
    TinyConfig.resume(folder, run, from + steps);
    assertThat(TinyConfig.rows(run).stream().filter(row -> "train".equals(row.get("event"))))
        .hasSize((int) (from + steps));
  }

  @Test
  void aLimitOnTheSizeOfFilesStopsTheRun() throws Exception {
    // The limit of a shell needs no root. Writing beyond it fails as a full disk does.
    // The tokens must lie there before: they are larger.
    try (Child child = train(folder.resolve("first"))) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    Path run = folder.resolve("run");
    List<String> limited = List.of("/bin/bash", "-c", "ulimit -f 12; exec \"$@\"", "limited");
    try (Child child =
        Child.start(
            folder,
            limited,
            List.of(),
            Map.of(),
            join(List.of("train", config.toString(), "--out", run.toString())))) {
      assertStops(child, "File too large");
      assertThat(child.output()).contains("checkpoint not saved: ");
    }
    assertThat(Checkpoints.newestWhole(run).checkpoint()).isEmpty();
    assertThat(run.resolve("checkpoints")).isEmptyDirectory();
    Findings.add(
        "04-file-limit",
        "writing fails in the middle of a checkpoint (limit on the size of files)",
        "once",
        "one line with the reason, exit code 1; no half checkpoint stayed",
        "nothing");
  }

  @Test
  void aReadOnlyFolderIsRefusedAtTheStart() throws Exception {
    Path disk = disk("2m");
    try {
      Path run = disk.resolve("run");
      try (Child child = train(run)) {
        assertThat(child.exitCode()).describedAs(child.output()).isZero();
      }
      assertThat(call("mount", "-o", "remount,ro", disk.toString())).isZero();
      try (Child child = train(disk.resolve("other"))) {
        assertStops(child, "cannot be made: Read-only file system; choose another --out");
      }
      try (Child child =
          Child.start(folder, List.of(), "train", "--quiet", "--resume", run.toString())) {
        assertStops(child, "cannot be written: Read-only file system");
      }
      assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
    } finally {
      assertThat(call("umount", "-l", disk.toString())).isZero();
    }
    Findings.add(
        "05-read-only",
        "read-only disk, for a new run and for one to go on with",
        "2 times",
        "refused before the first step with one line",
        "nothing");
  }

  @Test
  void aFolderWithoutPermissionIsRefusedAtTheStart() throws Exception {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeTrue(!Files.isWritable(locked), "root may write everywhere");
    try (Child child = train(locked.resolve("run"))) {
      assertStops(child, "cannot be made: permission denied; choose another --out");
    }
  }

  @Test
  void aFolderDeletedUnderTheRunIsMadeAgainForALastCheckpoint() throws Exception {
    int times = 5;
    for (int i = 0; i < times; i++) {
      Path run = folder.resolve("run" + i);
      Path gone = folder.resolve("gone" + i);
      try (Child child = train(run, "-s", "loop.max_steps=100000", "-s", "checkpoint.steps=20")) {
        long step = 25 + 3L * i;
        child.await(() -> TinyConfig.lastStep(run) >= step);
        Files.move(run, gone); // at once; deleting file by file is slower than a step
        assertStops(child, "was deleted under the run");
      }
      assertThat(Checkpoints.newestWhole(gone).checkpoint()).isPresent();
      assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
      assertThat(run.resolve("lock")).doesNotExist();
      TinyConfig.resume(folder, run, TinyConfig.savedStep(run) + 1);
    }
    Findings.add(
        "06-deleted",
        "run directory deleted or moved under the run",
        times + " times",
        "at the next checkpoint the folder was made again, the state in memory saved, and the run"
            + " stopped with one line; --resume went on",
        "only what had been deleted: the metrics until then");
  }
}
