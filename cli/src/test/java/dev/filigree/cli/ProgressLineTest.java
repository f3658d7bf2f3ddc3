package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.cli.ProgressLine.Several;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressLineTest {
  private final StringWriter err = new StringWriter();

  private ProgressLine started(int columns, long first, long last) {
    return started(() -> columns, Several.ALONE, first, last);
  }

  private ProgressLine started(IntSupplier columns, Several several, long first, long last) {
    var line = new ProgressLine(new PrintWriter(err), columns, several);
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
    return new StepMetrics(step, step * 64, loss, 1e-3, 1, null, null, 0.8, 0.2, 20_000, 0.5);
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
        .isEqualTo(
            "48.0 s left · step 5/100 · mean loss 2.000 · mean 20 k tokens/s · 80.0 % sparse");
  }

  @Test
  void onATerminalTheLineIsDrawnOverAndNeverWiderThanIt() {
    ProgressLine line = started(60, 0, 2);
    line.onStep(step(1, 2));
    line.onStep(step(2, 2));
    String[] drawn = err.toString().split("\r", -1);
    assertThat(drawn).hasSize(3);
    assertThat(drawn[2]).startsWith("0.0 s left · step 2/2 · mean loss 2.000  100 %▕█");
    assertThat(drawn[2]).hasSize(59);
    assertThat(err.toString()).doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 40, 80, 100, 140, 200})
  void theTimeLeftComesFirstAndNoFigureIsCut(int columns) {
    ProgressLine line = started(columns, 0, 20_000);
    line.onEvaluation(new Evaluation(1, "", 2.5, 640, null, null));
    line.onStep(step(1, 2));
    String drawn = err.toString().split("\r", -1)[1];
    assertThat(drawn).hasSize(columns - 1);
    String left = "2 h 46 min left";
    if (columns > left.length()) {
      String whole =
          left
              + " · step 1/20,000 · mean loss 2.000 · validation 2.500 · mean 20 k tokens/s"
              + " · 80.0 % sparse";
      String shown = drawn.replaceFirst("  +\\d+ %▕.*", "").stripTrailing();
      assertThat(whole).startsWith(shown);
      assertThat(whole.substring(shown.length())).matches("|( · .*)");
    }
    assertThat(drawn.contains("▕")).isEqualTo(columns >= 140);
  }

  @Test
  void aResizeIsFollowed() {
    var columns = new AtomicInteger(100);
    ProgressLine line = started(columns::get, Several.ALONE, 0, 1);
    line.onStep(step(1, 2));
    columns.set(50);
    line.onStep(step(1, 2));
    String[] drawn = err.toString().split("\r", -1);
    assertThat(drawn[1]).hasSize(99 + System.lineSeparator().length());
    assertThat(drawn[2]).hasSize(49);
  }

  @Test
  void ofSeveralRunsTheTimeLeftIsThatOfAll() {
    ProgressLine line = started(() -> 0, new Several(3, 5, 60), 0, 100);
    for (long step = 1; step <= 5; step++) {
      line.onStep(step(step, 2));
    }
    assertThat(err.toString())
        .startsWith("2 min 48 s left in all · run 3 of 5: 48.0 s left · step 5/100 · ");
  }

  @Test
  void theLossIsAMeanOfTheLastSteps() {
    ProgressLine line = started(0, 0, 2);
    line.onStep(step(1, 2));
    line.onStep(step(2, 4));
    assertThat(err.toString()).contains("step 2/2 · mean loss 3.000");
  }

  @Test
  void theNewestValidationLossStaysInTheLine() {
    ProgressLine line = started(0, 0, 2);
    line.onEvaluation(new Evaluation(1, "", 2.5, 640, null, null));
    line.onStep(step(2, 2));
    assertThat(err.toString())
        .contains("step 1: validation loss 2.5000, perplexity 12.18")
        .contains("mean loss 2.000 · validation 2.500 ·");
  }

  @Test
  void skippedStepsAreSaid() {
    started(0, 0, 2).onSkipped(new SkippedStep(1, "gradient norm is NaN"));
    assertThat(err.toString()).contains("step 1 skipped: gradient norm is NaN");
  }
}
