package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.RunStart;
import dev.filigree.zoo.train.event.SkippedStep;
import dev.filigree.zoo.train.event.StepMetrics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final StringWriter err = new StringWriter();

  private ProgressLine started(int columns, long first, long last) {
    var line = new ProgressLine(new PrintWriter(err), columns);
    RunConfig config = RunConfig.defaults(List.of());
    line.onStart(
        new RunStart(
            config,
            RunPlan.of(config),
            Path.of("runs/a"),
            first,
            last,
            "cpu",
            "masked",
            dev.filigree.zoo.train.event.Unit.TOKENS));
    err.getBuffer().setLength(0);
    return line;
  }

  private static StepMetrics step(long step, double loss) {
    return new StepMetrics(step, step * 64, loss, 1e-3, 1, 0.8, 20_000, 0.5);
  }

  @Test
  void withoutATerminalEveryTwentiethOfTheRunIsALine() {
    ProgressLine line = started(0, 0, 100);
    for (long step = 1; step <= 100; step++) {
      line.onStep(step(step, 2));
    }
    assertThat(err.toString().lines()).hasSize(20);
    assertThat(err.toString()).doesNotContain("\r");
    assertThat(err.toString().lines().findFirst().orElseThrow())
        .isEqualTo("step 5/100 · loss 2.000 · 20 k tokens/s · 80.0 % sparse · 48.0 s left");
  }

  @Test
  void onATerminalTheLineIsDrawnOverAndNeverWiderThanIt() {
    ProgressLine line = started(60, 0, 2);
    line.onStep(step(1, 2));
    line.onStep(step(2, 2));
    String[] drawn = err.toString().split("\r", -1);
    assertThat(drawn).hasSize(3);
    assertThat(drawn[2]).hasSize(59).startsWith("100 %").contains("step 2/2");
    assertThat(err.toString()).doesNotContain("\n");
  }

  @Test
  void theLossIsAMeanOfTheLastSteps() {
    ProgressLine line = started(0, 0, 2);
    line.onStep(step(1, 2));
    line.onStep(step(2, 4));
    assertThat(err.toString()).contains("step 2/2 · loss 3.000");
  }

  @Test
  void theNewestValidationLossStaysInTheLine() {
    ProgressLine line = started(0, 0, 2);
    line.onEvaluation(new Evaluation(1, "", 2.5, 640, null, null));
    line.onStep(step(2, 2));
    assertThat(err.toString())
        .contains("step 1: validation loss 2.5000, perplexity 12.2")
        .contains("loss 2.000 · validation 2.500 ·");
  }

  @Test
  void skippedStepsAreSaid() {
    started(0, 0, 2).onSkipped(new SkippedStep(1, "gradient norm is NaN"));
    assertThat(err.toString()).contains("step 1 skipped: gradient norm is NaN");
  }
}
