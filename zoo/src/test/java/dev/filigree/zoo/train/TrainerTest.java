package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.RunSummary.Ending;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
  @TempDir private Path folder;
  private TinyRun tiny;
  private Path run;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyRun(folder);
    run = folder.resolve("run");
  }

  @Test
  void aRunLearnsAndLeavesItsFiles() throws IOException {
    RunSummary summary = tiny.train(run);
    assertThat(summary.ending()).isEqualTo(Ending.FINISHED);
    assertThat(summary.steps()).isEqualTo(12);
    assertThat(summary.positions()).isEqualTo(12 * 2 * 4 * 32);
    assertThat(summary.evalLoss()).isLessThan(5);
    assertThat(summary.sparsity()).isEqualTo(0.75);
    assertThat(summary.checkpoint()).isEqualTo(run.resolve("checkpoints/step-000012"));
    assertThat(run)
        .isDirectoryContaining("glob:**config.yaml")
        .isDirectoryContaining("glob:**metrics.jsonl")
        .isDirectoryContaining("glob:**report.html")
        .isDirectoryNotContaining("glob:**lock");
    List<Map<String, Object>> train = TinyRun.rows(run, "train");
    assertThat(train).hasSize(12);
    assertThat(train.getFirst())
        .containsOnlyKeys(
            "event",
            "step",
            "tokens",
            "training_flops",
            "loss",
            "lr",
            "grad_norm",
            "grad_norm_sparse",
            "grad_norm_dense",
            "sparsity",
            "mean_density")
        .containsEntry("tokens", 256L);
    assertThat(TinyRun.rows(run, "mask_update")).hasSize(3 * 14);
    assertThat(TinyRun.rows(run, "mask_update").getFirst())
        .containsOnlyKeys(
            "event",
            "step",
            "tokens",
            "training_flops",
            "parameter",
            "dropped",
            "grown",
            "kept",
            "target_sparsity",
            "sparsity",
            "dead_rows",
            "dead_columns",
            "overlap_with_first",
            "explored")
        .containsEntry("step", 4L)
        .containsEntry("kept", 256L);
    assertThat(TinyRun.rows(run, "eval")).hasSize(2);
    assertThat(TinyRun.rows(run, "end")).hasSize(1);
  }

  @Test
  void theSameSeedGivesTheSameNumbers() throws IOException {
    tiny.train(run);
    tiny.train(folder.resolve("again"));
    assertThat(TinyRun.rows(folder.resolve("again"))).isEqualTo(TinyRun.rows(run));
    tiny.train(folder.resolve("other"), "seed=1");
    assertThat(TinyRun.rows(folder.resolve("other"), "train"))
        .isNotEqualTo(TinyRun.rows(run, "train"));
  }

  @ParameterizedTest
  @CsvSource({
    "sparsity.algorithm=rigl, seed=0",
    "sparsity.algorithm=set, seed=3",
    "execution=compressed, logging.weight_ages=true",
    "sparsity=none, seed=0",
    "model.dropout_rate=0.1, model.attention_dropout_rate=0.1",
    "optimizer={Adafactor: {}}, seed=0",
    "'sparsity={algorithm: granet, sparsity: {type: cubic, init_sparsity: 0.5, end_sparsity: 0.9, "
        + "sparsity_start_step: 0, sparsity_end_step: 12, prune_every_k_steps: 2}, "
        + "drop_fraction: [0.5, 0.3, 0.1], update: {freq: 2}}', logging.weight_ages=true"
  })
  void aStoppedAndResumedRunEqualsOneThatNeverStopped(String first, String second)
      throws IOException {
    tiny.train(run, first, second);
    Path stopped = folder.resolve("stopped");
    tiny.train(stopped, first, second, "loop.stop_at=5", "loop.eval_frequency=6");
    RunSummary summary = TinyRun.resume(stopped, "loop.stop_at=12");
    assertThat(summary.steps()).isEqualTo(12);
    assertThat(TinyRun.rows(stopped)).isEqualTo(TinyRun.rows(run));
    assertThat(Files.readAllBytes(stopped.resolve("checkpoints/step-000012/model.safetensors")))
        .isEqualTo(Files.readAllBytes(run.resolve("checkpoints/step-000012/model.safetensors")));
    assertThat(Files.readAllBytes(stopped.resolve("checkpoints/step-000012/training.safetensors")))
        .isEqualTo(Files.readAllBytes(run.resolve("checkpoints/step-000012/training.safetensors")));
  }

  @Test
  void aKilledRunGoesOnFromItsLastCheckpoint() throws IOException {
    tiny.train(run);
    Path killed = folder.resolve("killed");
    var death = new IllegalStateException("killed");
    try (Trainer trainer = Trainer.start(tiny.config("checkpoint.steps=4"), killed)) {
      trainer.listen(
          new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
              if (metrics.step() == 11) {
                throw death;
              }
            }
          });
      assertThatThrownBy(trainer::run).isSameAs(death);
    }
    TinyRun.resume(killed, "checkpoint.steps=0");
    assertThat(TinyRun.rows(killed)).isEqualTo(TinyRun.rows(run));
  }

  @Test
  void aStopFinishesTheStepAndSaves() {
    RunSummary summary;
    try (Trainer trainer = Trainer.start(tiny.config(), run)) {
      trainer.listen(
          new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
              if (metrics.step() == 3) {
                trainer.requestStop();
              }
            }
          });
      summary = trainer.run();
    }
    assertThat(summary.ending()).isEqualTo(Ending.STOPPED);
    assertThat(summary.steps()).isEqualTo(3);
    assertThat(Checkpoints.newestWhole(run).checkpoint())
        .contains(run.resolve("checkpoints/step-000003"));
  }

  @Test
  void microBatchesAndAccumulationGiveTheGradientOfTheWholeBatch() throws IOException {
    tiny.train(run, "loop.grad_accum_steps=1", "train_dataloader.micro_batch_size=1");
    Path whole = folder.resolve("whole");
    tiny.train(whole, "loop.grad_accum_steps=1", "train_dataloader.micro_batch_size=4");
    var parts = TinyRun.rows(run, "train").getFirst();
    var together = TinyRun.rows(whole, "train").getFirst();
    assertThat(TinyRun.number(parts, "loss"))
        .isCloseTo(TinyRun.number(together, "loss"), offset(1e-5));
    assertThat(TinyRun.number(parts, "grad_norm"))
        .isCloseTo(TinyRun.number(together, "grad_norm"), offset(1e-4));
  }

  @Test
  void stepsThatAreNotFiniteAreSkippedAndEndTheRunWithAdvice() throws IOException {
    assertThatThrownBy(
            () ->
                tiny.train(
                    run,
                    "schedulers=1.0e30",
                    "precision={enabled: false}",
                    "checkpoint.steps=1",
                    "loop.max_skipped_steps=3"))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("skipped 3 times in a row")
        .hasMessageContaining("lower the learning rate")
        .hasMessageContaining("checkpoints/step-00000");
    List<Map<String, Object>> skipped = TinyRun.rows(run, "skipped");
    assertThat(skipped).hasSize(3);
    assertThat(String.valueOf(skipped.getFirst().get("reason")))
        .matches("(loss|gradient norm) is .*");
    assertThat(Checkpoints.newestWhole(run).checkpoint()).isPresent();
  }

  @Test
  void anOverflowOfTheLossScaleSkipsAStepAndChangesNothingElse() throws IOException {
    RunSummary summary =
        tiny.train(
            run,
            "precision={enabled: true, fp16_type: float16, loss_scaling_factor: dynamic, "
                + "initial_loss_scale: 1.0e30}",
            "loop.max_skipped_steps=200",
            "loop.stop_at=2");
    assertThat(summary.steps()).isEqualTo(2);
    assertThat(summary.skipped()).isPositive();
    assertThat(TinyRun.rows(run, "train")).hasSize(2);
    assertThat(TinyRun.rows(run, "skipped").getFirst()).containsEntry("step", 1L);
  }

  @Test
  void bfloat16TrainsToNearlyTheSameLoss() {
    RunSummary exact = tiny.train(run);
    RunSummary mixed =
        tiny.train(
            folder.resolve("mixed"), "precision.enabled=true", "precision.fp16_type=bfloat16");
    assertThat(mixed.evalLoss())
        .isNotEqualTo(exact.evalLoss())
        .isCloseTo(exact.evalLoss(), offset(0.1));
  }

  @Test
  void theLastCheckpointsAndTheBestStay() {
    tiny.train(
        run,
        "checkpoint.steps=2",
        "checkpoint.keep=2",
        "loop.eval_frequency=2",
        "loop.max_steps=8");
    assertThat(run.resolve("checkpoints"))
        .isDirectoryContaining("glob:**step-000008")
        .isDirectoryContaining("glob:**step-000006")
        .isDirectoryNotContaining("glob:**step-000002");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theBestStaysHoweverOldItIs(boolean keepBest) {
    tiny.train(
        run,
        "schedulers=[{PiecewiseConstantLR: {learning_rates: [1.0e-2, 1.0], milestones: [2]}}]",
        "checkpoint.steps=2",
        "checkpoint.keep=2",
        "checkpoint.keep_best=" + keepBest,
        "loop.eval_frequency=2",
        "loop.max_steps=8");
    assertThat(run.resolve("checkpoints/step-000008")).exists();
    assertThat(run.resolve("checkpoints/step-000006")).exists();
    assertThat(run.resolve("checkpoints/step-000004")).doesNotExist();
    assertThat(Files.exists(run.resolve("checkpoints/step-000002"))).isEqualTo(keepBest);
  }

  @Test
  void aLossThatStopsFallingEndsTheRunEarly() {
    RunSummary summary =
        tiny.train(run, "schedulers=1.0e-12", "loop.patience=2", "loop.eval_frequency=1");
    assertThat(summary.ending()).isEqualTo(Ending.EARLY_STOP);
    assertThat(summary.steps()).isLessThan(12);
  }

  @Test
  void earlyStoppingWatchesTheSetThatItNames() throws IOException {
    RunSummary summary =
        tiny.train(
            run,
            "val_dataloader={a: {batch_size: 4}, b: {batch_size: 4, split: all}}",
            "loop.early_stopping={monitor: b/perplexity, mode: max, patience: 1}",
            "loop.eval_frequency=2");
    // The perplexity falls, which is no better here.
    assertThat(summary.ending()).isEqualTo(Ending.EARLY_STOP);
    assertThat(summary.steps()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void activationCheckpointingChangesNoNumber(String execution) throws IOException {
    Path other = folder.resolve("recomputed");
    tiny.train(run, "execution=" + execution);
    tiny.train(other, "execution=" + execution, "loop.activation_checkpointing=true");
    assertThat(TinyRun.rows(other)).isEqualTo(TinyRun.rows(run));
  }

  @Test
  void gradientsAreClippedByValue() {
    tiny.train(run, "precision={enabled: false, max_gradient_value: 1.0e-30}", "loop.max_steps=1");
    Path free = folder.resolve("free");
    tiny.train(free, "precision={enabled: false}", "loop.max_steps=1");
    double clipped = weightChange(run);
    // AdamW divides by the gradient's size plus 1e-8: so small a gradient moves nothing.
    assertThat(clipped).isLessThan(1e-6);
    assertThat(weightChange(free)).isGreaterThan(1e-4);
  }

  /** The largest change of a norm's weights, which begin at 1 and do not decay. */
  private static double weightChange(Path run) {
    try (var _ = new org.bytedeco.javacpp.PointerScope()) {
      var weight =
          dev.filigree.torch.Tensors.namedParameters(Checkpoints.open(run).loadModel())
              .get("model.norm.weight");
      assertThat(weight).isNotNull();
      return weight.detach().sub(new org.bytedeco.pytorch.Scalar(1.0)).abs().max().item_double();
    }
  }

  @Test
  void severalValidationSetsAreEvaluatedByName() throws IOException {
    Path other = folder.resolve("text");
    tiny.train(
        run,
        "val_dataloader={held out: {batch_size: 4}, all: {batch_size: 4, split: all, data_dir: "
            + other
            + "}}");
    assertThat(TinyRun.rows(run, "eval").stream().map(row -> row.get("dataset")))
        .containsExactly("held out", "all", "held out", "all");
  }

  @ParameterizedTest
  @ValueSource(strings = {"trainer.fit.ckpt_path=%s", "ckpt_path=%s"})
  void weightsCanStartFromAnotherRunsCheckpoint(String override) throws IOException {
    tiny.train(run);
    double trained = TinyRun.number(TinyRun.rows(run, "eval").getLast(), "loss");
    Path tuned = folder.resolve("tuned");
    tiny.train(tuned, "sparsity=none", override.formatted(run), "loop.max_steps=1");
    assertThat(TinyRun.number(TinyRun.rows(tuned, "train").getFirst(), "loss"))
        .isCloseTo(trained, offset(0.3));
  }

  @Test
  void aSecondRunOnTheSameDirectoryIsRefused() {
    try (Trainer first = Trainer.start(tiny.config(), run)) {
      assertThat(first.directory()).isEqualTo(run);
      assertThatThrownBy(() -> tiny.train(run))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("pid " + ProcessHandle.current().pid())
          .hasMessageContaining("started 20");
    }
    tiny.train(run);
    assertThatThrownBy(() -> tiny.train(run))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("holds an earlier run");
  }

  @Test
  void theLockOfADeadProcessIsTakenOver() throws IOException {
    Files.createDirectories(run);
    Files.writeString(run.resolve("lock"), "pid 999999999, started 2020-01-01T00:00:00Z\n");
    assertThat(tiny.train(run).steps()).isEqualTo(12);
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsOneLine() throws IOException {
    Files.writeString(run, "a file");
    assertThatThrownBy(() -> tiny.train(run.resolve("below")))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("cannot be made")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aFullDiskStopsTheRunWithOneLine() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    try (Trainer trainer = Trainer.start(tiny.config(), run)) {
      Files.createSymbolicLink(run.resolve("metrics.jsonl"), full);
      assertThatThrownBy(trainer::run)
          .isInstanceOf(TrainingException.class)
          .hasMessage(
              run.resolve("metrics.jsonl") + ": cannot be written: No space left on device");
    }
  }

  @Test
  void aResumeNeedsARunAndACheckpoint() throws IOException {
    assertThatThrownBy(() -> TinyRun.resume(run))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("not a run directory");
    Trainer.start(tiny.config(), run).close();
    assertThatThrownBy(() -> TinyRun.resume(run))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("no whole checkpoint");
  }

  @Test
  void nativeMemoryDoesNotGrowFromStepToStep() {
    var counts = new ArrayList<Long>();
    try (Trainer trainer = Trainer.start(tiny.config("sparsity.update.freq=1"), run)) {
      trainer.listen(
          new TrainingListener() {
            @Override
            public void onStep(StepMetrics metrics) {
              counts.add(Pointer.totalCount());
            }
          });
      trainer.run();
    }
    assertThat(counts.get(11)).isLessThanOrEqualTo(counts.get(3) + 20);
  }
}
