package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Losses and gradients that are not finite. */
@Tag("reliability")
class NumbersTest {
  private static final String OVERFLOW =
      "precision={enabled: true, fp16_type: float16, loss_scaling_factor: dynamic, "
          + "initial_loss_scale: 1.0e30}";

  @TempDir Path folder;
  private Path config;
  private Path run;

  @BeforeEach
  void prepare() throws IOException {
    config = TinyConfig.write(folder);
    run = folder.resolve("run");
  }

  private Child start(List<String> first, String... settings) throws IOException {
    var arguments = new ArrayList<String>();
    arguments.add("train");
    arguments.addAll(first);
    arguments.add("--quiet");
    for (String setting : settings) {
      arguments.addAll(List.of("-s", setting));
    }
    return Child.start(folder, List.of(), arguments.toArray(String[]::new));
  }

  private Child train(String... settings) throws IOException {
    return start(List.of(config.toString(), "--out", run.toString()), settings);
  }

  private long count(String event) throws IOException {
    return TinyConfig.rows(run).stream().filter(row -> event.equals(row.get("event"))).count();
  }

  @Test
  void aLossThatStaysInfiniteStopsTheRunAfterTenSkippedSteps() throws Exception {
    try (Child child = train("schedulers=1.0e+30")) {
      assertThat(child.exitCode()).describedAs(child.output()).isEqualTo(1);
      assertThat(child.lines())
          .filteredOn(line -> line.startsWith("error: "))
          .singleElement()
          .asString()
          .contains("skipped 10 times in a row", "lower the learning rate", "go on from it");
    }
    assertThat(count("skipped")).isEqualTo(10);
    assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
    Findings.add(
        "17-not-finite",
        "a loss that is NaN from the second step on (learning rate 1e30)",
        "10 steps in a row",
        "each skipped and counted; then one line with advice, exit code 1, and a checkpoint of before",
        "the skipped batches");
  }

  @Test
  void gradientsThatOverflowAreSkippedUntilTheLossScaleFits() throws Exception {
    try (Child child = train(OVERFLOW, "loop.max_steps=20", "loop.max_skipped_steps=200")) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
    long skipped = count("skipped");
    assertThat(skipped).isPositive();
    assertThat(count("train")).isEqualTo(20);
    Findings.add(
        "18-overflow",
        "gradients that overflow float16 (dynamic loss scale of 1e30 at the start)",
        skipped + " steps",
        "each skipped and counted, until the scale fitted; the run then took all of its 20 steps",
        "the skipped batches");
  }
}
