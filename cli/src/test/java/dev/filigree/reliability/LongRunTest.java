package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many steps: what a run holds on to, and what its log loses. */
@Tag("reliability")
class LongRunTest {
  private static final long STEPS = 10_000;
  private static final long WARM_UP = 500;
  private static final double GROWTH = 1.03;

  /**
   * A heap that is all there from the beginning: what grows then is not the heap. And what the JIT
   * needs while it compiles goes back to the system, which the C library else keeps for later.
   */
  private static final List<String> STEADY =
      List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch", "-XX:TrimNativeHeapInterval=1000");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void memoryAndOpenFilesStayAsTheyWere(String execution) throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "memory is read from /proc");
    Path config = TinyConfig.write(folder);
    Path run = folder.resolve("run");
    try (Child child =
        Child.start(
            folder,
            STEADY,
            "train",
            config.toString(),
            "--quiet",
            "--out",
            run.toString(),
            "--execution",
            execution,
            "-s",
            "loop.max_steps=" + 2 * STEPS,
            "-s",
            "loop.eval_frequency=250",
            "-s",
            "checkpoint.steps=100")) {
      child.await(() -> step(run) >= WARM_UP);
      long memory = memory(child);
      List<Long> open = new ArrayList<>(List.of(openFiles(child)));
      long steps = WARM_UP;
      while (steps < STEPS) {
        long next = steps;
        child.await(() -> step(run) > next);
        steps = step(run);
        open.add(openFiles(child));
        Thread.sleep(200);
      }
      long end = memory(child);
      child.kill();
      String grown =
          "%d MiB after %d steps, %d MiB after %,d (%+.1f %%)"
              .formatted(memory >> 10, WARM_UP, end >> 10, steps, 100.0 * (end - memory) / memory);
      assertThat(end).describedAs(grown).isLessThanOrEqualTo((long) (GROWTH * memory));
      // A sample may meet a checkpoint that is just being written.
      assertThat(open).allMatch(files -> files <= open.getFirst() + 1);
      assertThat(open.subList(open.size() - 10, open.size())).contains(open.getFirst());
      Findings.add(
          "10-long-run-" + execution,
          "%,d steps, %s, with masks updated every 7 and a checkpoint every 100"
              .formatted(STEPS, execution),
          "once",
          "resident memory "
              + grown
              + "; open files "
              + open.getFirst()
              + " throughout, and the one being written",
          "nothing");
    }
  }

  /** The last step logged; cheap, for a file that grows by the millisecond. */
  private static long step(Path run) throws IOException {
    return TinyConfig.lastStep(run);
  }

  private static long memory(Child child) throws IOException {
    Long kibibytes = child.status("VmRSS");
    if (kibibytes == null) {
      throw new AssertionError("the program ended: " + child.output());
    }
    return kibibytes;
  }

  /** Files open beside the checkpoint that may just be written. */
  private static long openFiles(Child child) throws Exception {
    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      fewest = Math.min(fewest, child.openFiles());
      Thread.sleep(2);
    }
    return fewest;
  }

  @Test
  void aKillCostsTheLogItsLastLineAtMost() throws Exception {
    int kills = 10;
    var random = new Random(7);
    var json = new ObjectMapper();
    Path config = TinyConfig.write(folder);
    for (int i = 0; i < kills; i++) {
      Path run = folder.resolve("run" + i);
      try (Child child =
          Child.start(
              folder,
              List.of("-XX:TieredStopAtLevel=1"),
              "train",
              config.toString(),
              "--quiet",
              "--out",
              run.toString(),
              "-s",
              "checkpoint.steps=0")) {
        child.await(() -> step(run) >= 5);
        Thread.sleep(random.nextInt(100));
        child.kill();
      }
      String log = Files.readString(run.resolve("metrics.jsonl"));
      List<String> whole = log.substring(0, log.lastIndexOf('\n') + 1).lines().toList();
      long expected = 0;
      for (String line : whole) {
        var row = json.readTree(line);
        if (row.path("event").asText().equals("train")) {
          assertThat(row.path("step").asLong()).isEqualTo(++expected);
        }
      }
      assertThat(expected).isGreaterThanOrEqualTo(5);
    }
    Findings.add(
        "11-log",
        "`kill -9` while metrics.jsonl is written (a line a step)",
        kills + " times",
        "every line before the last is whole and no step is missing",
        "at most the last line");
  }
}
