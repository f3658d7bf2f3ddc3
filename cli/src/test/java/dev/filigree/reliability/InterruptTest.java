package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, a polite kill, and a second run on the same folder. */
@Tag("reliability")
@DisabledOnOs(OS.WINDOWS)
class InterruptTest {
  private static final int INTERRUPTED = 128 + 2;
  private static final int TERMINATED = 128 + 15;
  private static final String NO_INITIAL = "checkpoint.save_initial_checkpoint=false";

  /** A shell that starts something in the background lets all below it ignore Ctrl-C. */
  private static final List<String> HEARING = hearing();

  @TempDir Path folder;
  private Path config;
  private Path run;

  @BeforeEach
  void prepare() throws IOException {
    config = TinyConfig.write(folder);
    run = folder.resolve("run");
  }

  private static List<String> hearing() {
    List<String> env = List.of("env", "--default-signal=INT");
    try {
      var probe = new ArrayList<>(env);
      probe.add("true");
      return new ProcessBuilder(probe).start().waitFor() == 0 ? env : List.of();
    } catch (IOException | InterruptedException e) {
      return List.of(); // another env than that of GNU
    }
  }

  private Child train(String... settings) throws IOException {
    var arguments =
        new ArrayList<>(List.of("train", config.toString(), "--quiet", "--out", run.toString()));
    for (String setting : settings) {
      arguments.addAll(List.of("-s", setting));
    }
    return Child.start(folder, HEARING, List.of(), Map.of(), arguments.toArray(String[]::new));
  }

  /** Whether it hears Ctrl-C, which a program can be started not to. */
  private static void assumeHears(Child child) throws IOException {
    Path status = Path.of("/proc", Long.toString(child.pid()), "status");
    if (Files.exists(status)) {
      long ignored =
          Files.readAllLines(status).stream()
              .filter(line -> line.startsWith("SigIgn:"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .sum();
      assumeTrue((ignored & 2) == 0, "this process was started to ignore Ctrl-C");
    }
  }

  @Test
  void onceSavesACheckpointAndLeaves() throws Exception {
    for (String signal : List.of("INT", "TERM")) {
      run = folder.resolve("run-" + signal);
      try (Child child = train("loop.max_steps=100000", "checkpoint.steps=0")) {
        child.await(() -> TinyConfig.lastStep(run) >= 10);
        assumeHears(child);
        child.signal(signal);
        assertThat(child.exitCode()).isEqualTo(signal.equals("INT") ? INTERRUPTED : TERMINATED);
        assertThat(child.output()).contains("Stopping after this step", "Go on with: ");
      }
      long step = TinyConfig.savedStep(run);
      assertThat(step).isGreaterThanOrEqualTo(10);
      TinyConfig.resume(folder, run, step + 5);
    }
    Findings.add(
        "07-interrupt-once",
        "Ctrl-C, and a polite kill (SIGTERM)",
        "once each",
        "the step was finished, a checkpoint saved, exit code 130 or 143; --resume went on",
        "nothing");
  }

  @Test
  void twiceBeforeTheFirstCheckpointStillSavesOne() throws Exception {
    try (Child child = train("loop.max_steps=2", "loop.grad_accum_steps=2000", NO_INITIAL)) {
      child.await(() -> Files.exists(run.resolve("metrics.jsonl")));
      assumeHears(child);
      child.signal("INT");
      child.await(() -> child.output().contains("Once more leaves at once"));
      child.signal("INT");
      child.await(() -> child.output().contains("Nothing is saved yet"));
      assertThat(child.exitCode()).isEqualTo(INTERRUPTED);
    }
    assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
    Findings.add(
        "08a-interrupt-twice-unsaved",
        "Ctrl-C twice before the first checkpoint",
        "once",
        "the step was finished and a checkpoint saved, exit code 130; a third one would leave at"
            + " once",
        "nothing");
  }

  @Test
  void twiceLeavesAtOnce() throws Exception {
    // A step of many batches: the first Ctrl-C waits for its end.
    try (Child child =
        train(
            "loop.max_steps=3",
            "loop.grad_accum_steps=20000",
            "checkpoint.save_initial_checkpoint=true")) {
      child.await(() -> Checkpoints.newestWhole(run).checkpoint().isPresent());
      assumeHears(child);
      child.signal("INT");
      child.await(() -> child.output().contains("Once more leaves at once"));
      child.signal("INT");
      assertThat(child.exitCode()).isEqualTo(INTERRUPTED);
    }
    assertThat(Checkpoints.newestWhole(run).checkpoint().orElseThrow())
        .endsWith(Path.of("step-000000"));
    assertThat(Checkpoints.newestWhole(run).passedOver()).isEmpty();
    Findings.add(
        "08-interrupt-twice",
        "Ctrl-C twice",
        "once",
        "left at once, in the middle of a step, exit code 130",
        "the steps since the last checkpoint, which is whole");
  }

  @Test
  void aSecondRunOnAFolderIsRefusedWithTheFirstOnesProcess() throws Exception {
    try (Child first = train("loop.max_steps=100000")) {
      first.await(() -> TinyConfig.lastStep(run) >= 5);
      for (String how : List.of("--out", "--resume")) {
        try (Child second =
            how.equals("--out")
                ? train()
                : Child.start(folder, List.of(), "train", "--quiet", how, run.toString())) {
          assertThat(second.exitCode()).isEqualTo(1);
          assertThat(second.lines())
              .singleElement()
              .asString()
              .contains("another run uses this directory (pid " + first.pid() + ", started 20");
        }
      }
      long step = TinyConfig.lastStep(run);
      first.await(() -> TinyConfig.lastStep(run) > step);
    }
    Findings.add(
        "09-two-runs",
        "a second run on the folder of a running one, new and with --resume",
        "2 times",
        "refused with the first one's process id and start; the first went on",
        "nothing");
  }
}
