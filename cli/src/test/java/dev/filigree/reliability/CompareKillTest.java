package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Kill -9 of a comparison in the middle of a run, and the same command again. */
@Tag("reliability")
@DisabledOnOs(OS.WINDOWS)
class CompareKillTest {
  private static final String INTERRUPTED = "rigl-seed0";

  @TempDir Path folder;

  @Test
  void aComparisonThatIsKilledAndStartedAgainEqualsOneNeverKilled() throws Exception {
    Path config = TinyConfig.write(folder);
    Path whole = folder.resolve("whole");
    try (Child child = compare(config, whole)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    Path killed = folder.resolve("killed");
    try (Child child = compare(config, killed)) {
      child.await(() -> TinyConfig.lastStep(killed.resolve(INTERRUPTED)) > 20);
      List<ProcessHandle> runs = WorkersTest.workers(child);
      ProcessHandle.of(child.pid()).orElseThrow().destroyForcibly();
      for (ProcessHandle run : runs) {
        run.onExit().get(); // ends with its parent
      }
    }
    try (Child child = compare(config, killed)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
      assertThat(child.output())
          .contains("goes on: rigl, seed 0", "starts: set, seed 0")
          .doesNotContain("static, seed 0");
    }
    for (String run : List.of("static-seed0", INTERRUPTED, "set-seed0")) {
      assertThat(TinyConfig.rows(killed.resolve(run)))
          .describedAs(run)
          .isEqualTo(TinyConfig.rows(whole.resolve(run)));
      String weights = "checkpoints/step-000200/model.safetensors";
      assertThat(Files.readAllBytes(killed.resolve(run).resolve(weights)))
          .isEqualTo(Files.readAllBytes(whole.resolve(run).resolve(weights)));
    }
  }

  private Child compare(Path config, Path out) throws IOException {
    return Child.start(
        folder,
        List.of(),
        "compare",
        config.toString(),
        "--methods",
        "static,rigl,set",
        "--seeds",
        "1",
        "--steps",
        "200",
        "--out",
        out.toString());
  }
}
