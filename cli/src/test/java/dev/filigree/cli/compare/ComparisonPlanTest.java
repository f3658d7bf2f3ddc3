package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.cli.compare.ComparisonPlan.Result;
import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.TrainingFlops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which runs a comparison makes, by what came of those before. */
class ComparisonPlanTest {
  private static final Path BASE = Path.of("../configs/compare/all.yaml").toAbsolutePath();

  @TempDir Path folder;

  private ComparisonPlan plan(String settings) throws IOException {
    Path file = folder.resolve("comparison.yaml");
    Files.writeString(file, "compare:\n  base: " + BASE + "\n  seeds: 2\n" + settings);
    ComparisonFile read = ComparisonFile.read(file).changed(null, null);
    return new ComparisonPlan(new BaseConfig(BASE, List.of()), read);
  }

  private static List<RunSpec> finals(
      ComparisonPlan plan, Function<RunSpec, @Nullable Result> results) {
    return plan.finals(plan.groups().getFirst(), results);
  }

  private static double peakRate(RunSpec run) {
    return run.config()
        .schedulers()
        .schedules()
        .learningRate()
        .orElseThrow()
        .range(0, run.steps())
        .max();
  }

  @Test
  void everySeedHasTheBestValueAlsoWhereTuningRunsAreShorter() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              tune_length: 0.5
              methods:
                rigl: {tune: {learning_rate: [1.0e-3, 4.0e-3]}}
            """);
    List<RunSpec> tuning = plan.wanted(_ -> null);
    assertThat(tuning).extracting(RunSpec::steps).containsExactly(150L, 150L);
    RunSpec better = tuning.get(1);
    List<RunSpec> finals =
        finals(
            plan,
            run -> tuning.contains(run) ? new Result(run.equals(better) ? 1 : 2, 0.01) : null);
    assertThat(finals).extracting(run -> run.config().seed()).containsExactly(0L, 1L);
    assertThat(finals).extracting(RunSpec::steps).containsOnly(300L);
    assertThat(finals).extracting(ComparisonPlanTest::peakRate).containsOnly(peakRate(better));
  }

  @Test
  void secondsBecomeStepsByTheTimeOfAStep() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              budget: {seconds: 2}
              methods:
                dense:
            """);
    RunSpec timing = plan.wanted(_ -> null).getFirst();
    assertThat(finals(plan, _ -> null)).isEmpty();
    assertThat(finals(plan, run -> run.equals(timing) ? new Result(3, 0.01) : null))
        .extracting(RunSpec::steps)
        .containsExactly(200L, 200L);
    Result failed = new Result(Double.POSITIVE_INFINITY, Double.NaN);
    assertThat(plan.wanted(run -> run.equals(timing) ? failed : null)).isEmpty();
  }

  @Test
  void equalOperationsAreMoreStepsOfASparseRun() throws IOException {
    ComparisonPlan plan =
        plan(
            """
              budget: flops
              methods:
                dense:
                static:
            """);
    assertThat(plan.finals(plan.groups().get(0), _ -> null).getFirst().steps()).isEqualTo(300);
    RunSpec sparse = plan.finals(plan.groups().get(1), _ -> null).getFirst();
    double ratio = TrainingFlops.of(sparse.config()).perPosition() * sparse.steps();
    RunSpec dense = plan.finals(plan.groups().get(0), _ -> null).getFirst();
    assertThat(ratio / (TrainingFlops.of(dense.config()).perPosition() * 300))
        .isBetween(0.99, 1.01);
    assertThat(sparse.steps()).isGreaterThan(600);
  }

  @Test
  void aBadValueAmongThoseToTuneIsRefusedBeforeAnyRun() {
    assertThatThrownBy(
            () ->
                plan(
                    """
                      methods:
                        rigl: {tune: {sparsity.drop_fraction: [0.3, 7]}}
                    """))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("method rigl: ");
  }
}
