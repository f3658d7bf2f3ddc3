package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.filigree.sparsity.SparseParameter;
import dev.filigree.zoo.config.MemoryPlan;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.train.event.LayerSparsity;
import dev.filigree.zoo.train.event.RunSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the plan says of a run is what the run does. */
class PlannedRunTest {
  @TempDir static Path shared;
  private static TinyRun tiny;

  @TempDir private Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    tiny = new TinyRun(shared);
  }

  private static final String CUBIC =
      "sparsity: {type: cubic, init_sparsity: 0, end_sparsity: 0.9, sparsity_start_step: 0, "
          + "sparsity_end_step: 10, prune_every_k_steps: ";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // The schedule arrives, or has no end.
        "0.8 |",
        "{algorithm: rigl, sparsity: 0.8, update: {freq: 3}} |",
        "{algorithm: rigl, sparsity: 0.8, update: {freq: 3, start: 9}} |",
        "{algorithm: set, sparsity: 0.8, update: {steps: [10]}} |",
        "{algorithm: set, sparsity: [0.5, 0.6, 0.7], update: {freq: 4}} |",
        "{algorithm: gmp, sparsity: {type: linear, init: 0, slope: 0.08}, update: {freq: 12}} |",
        "{algorithm: gmp, CUBIC 2}, update: {freq: 2}} |",
        "{algorithm: granet, CUBIC 2}, drop_fraction: 0.3, update: {freq: 5}} |",
        "[{algorithm: rigl, sparsity: 0.8, update: {freq: 4}, param_filter: '*.q_proj.weight'}, "
            + "{sparsity: 0.5, distribution: erk}] |",
        // It does not.
        "{algorithm: gmp, sparsity: {type: linear, init: 0, slope: 0.05}, update: {freq: 5}} | gmp "
            + "reaches a sparsity of 50.00 %, not the 60.00 % of its schedule: its last update in "
            + "the run, which ends at step 12, is at step 10",
        "{algorithm: rigl, sparsity: 0.8, update: {freq: 2, start: 100}} | rigl makes no mask: the "
            + "run ends at step 12, before its first update at step 100, and stays dense",
        "{algorithm: set, sparsity: 0.8, update: {freq: 20, start: 5, stop: 13}} |",
        "{algorithm: set, sparsity: 0.8, update: {steps: [13]}} | set never updates its masks: the "
            + "run ends at step 12, its next update is at step 13",
        "{algorithm: granet, sparsity: {type: cubic, init_sparsity: 0.2, end_sparsity: 0.9, "
            + "sparsity_start_step: 100, sparsity_end_step: 300, prune_every_k_steps: 10}, "
            + "update: {freq: 10, start: 100, stop: 301}} | granet makes no mask: the run ends at "
            + "step 12, before its first update at step 100, and stays dense",
        "{algorithm: gmp, CUBIC 3}, update: {freq: 4, stop: 9}} | gmp reaches a sparsity of "
            + "86.67 %, not the 90.00 % of its schedule: its last update in the run, which ends "
            + "at step 12, is at step 8",
        "{algorithm: gmp, CUBIC 2}, update: {freq: 2, stop: 10}} | gmp reaches a sparsity of "
            + "89.28 %, not the 90.00 % of its schedule: its last update in the run, which ends "
            + "at step 12, is at step 8",
        "{algorithm: gmp, CUBIC 2}, update: {freq: 20}} | gmp reaches a sparsity of 0.00 %, not "
            + "the 90.00 % of its schedule: it never updates its masks up to the run's end at "
            + "step 12",
        "{algorithm: static, CUBIC 2}} | static reaches a sparsity of 0.00 %, not the 90.00 % of "
            + "its schedule: it keeps the masks of step 0",
        "{algorithm: set, sparsity: {type: exp, init: 0.5, gamma: -0.1, final: 0.9}, update: "
            + "{freq: 6}} | set reaches a sparsity of 77.95 %, not the 90.00 % of its schedule: "
            + "its last update in the run, which ends at step 12, is at step 12",
      })
  void theRunEndsWithTheWeightsOfThePlan(String sparsity, String warning) {
    RunConfig config =
        tiny.config(
            "sparsity=" + sparsity.replace("CUBIC", CUBIC),
            "loop.eval_frequency=0",
            "loop.grad_accum_steps=1");
    RunPlan plan = RunPlan.of(config);
    try (Trainer trainer = Trainer.start(config, folder.resolve("run"))) {
      assertThat(trainer.warnings()).isEqualTo(plan.warnings());
      RunSummary summary = trainer.run();
      assertThat(summary.layers().stream().mapToLong(LayerSparsity::kept).sum())
          .isEqualTo(plan.keptSparseParameters());
    }
    if (warning == null) {
      assertThat(plan.warnings()).isEmpty();
    } else {
      assertThat(plan.warnings()).containsExactly(warning);
      assertThat(plan.text()).contains("\nwarning: " + warning + "\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "optimizer={SGD: {lr: 0.01}}, 0.01, 0.01",
    "optimizer={AdamW: {learning_rate: 0.02}}, 0.02, 0.02",
  })
  void theLearningRateThatIsGivenIsTrainedWith(String optimizer, double first, double last)
      throws IOException {
    Path run = folder.resolve("run");
    tiny.train(run, optimizer, "schedulers=", "loop.max_steps=3", "loop.eval_frequency=0");
    assertThat(TinyRun.rows(run, "train").stream().map(row -> TinyRun.number(row, "lr")))
        .containsExactly(first, first, last);
  }

  private static final String[] LARGER = {
    "model.hidden_size=128", "model.filter_size=256", "loop.max_steps=1", "loop.eval_frequency=0"
  };

  private static String[] larger(String... more) {
    return Stream.concat(Arrays.stream(LARGER), Arrays.stream(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "masked", "compressed"})
  void theMemoryOfThePlanIsWhatTheRunTakes(String execution) {
    RunConfig config =
        tiny.config(larger(execution.equals("dense") ? "sparsity=none" : "execution=" + execution));
    RunPlan plan = RunPlan.of(config);
    MemoryPlan expected =
        switch (execution) {
          case "dense" -> plan.dense();
          case "masked" -> plan.masked();
          default -> plan.compressed();
        };
    try (Session session = new Session(config)) {
      new TrainingStep(session).make(0, false);
      long weights = 0;
      long gradients = 0;
      long state = 0;
      for (Tensor weight : session.trained()) {
        weights += bytes(weight);
        gradients += bytes(weight.grad());
        state +=
            session.optimizer().state(weight).values().stream()
                .filter(tensor -> tensor.dim() > 0)
                .mapToLong(PlannedRunTest::bytes)
                .sum();
      }
      assertThat(weights).isEqualTo(expected.weights());
      assertThat(gradients).isEqualTo(expected.gradients());
      assertThat(state).isEqualTo(expected.optimizerState());
      long structure =
          session.sparseParameters().stream().mapToLong(SparseParameter::structureBytes).sum();
      assertThat((double) structure).isBetween(0.9 * expected.masks(), 1.2 * expected.masks());
    }
  }

  private static long bytes(Tensor tensor) {
    return tensor.numel() * tensor.element_size();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"sparsity=none", "checkpoint.weights=dense", "checkpoint.weights=compressed"})
  void theDiskOfThePlanIsWhatACheckpointTakes(String setting) throws IOException {
    RunPlan plan = RunPlan.of(tiny.config(larger(setting)));
    Path run = folder.resolve("run");
    tiny.train(run, larger(setting));
    long saved = 0;
    try (Stream<Path> files = Files.walk(run.resolve("checkpoints"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        saved += Files.size(file);
      }
    }
    // Names, and what is no tensor, come to some kilobytes.
    assertThat(saved - plan.disk().total()).isBetween(0L, 30_000L);
  }

  @Test
  void stepsOfASchedulerAreOptimizerSteps() throws IOException {
    Path run = folder.resolve("run");
    tiny.train(
        run,
        "schedulers=[{LinearLR: {initial_learning_rate: 0, end_learning_rate: 0.4, total_iters:"
            + " 4}}]",
        "loop.grad_accum_steps=3",
        "loop.max_steps=6",
        "loop.eval_frequency=0",
        "logging.log_steps=2");
    List<Double> rates =
        TinyRun.rows(run, "train").stream().map(row -> TinyRun.number(row, "lr")).toList();
    // Steps 1, 2, 4 and 6 have a row.
    assertThat(rates).hasSize(4);
    assertThat(rates.get(1)).isCloseTo(0.1, offset(1e-12));
    assertThat(rates.get(2)).isCloseTo(0.3, offset(1e-12));
    assertThat(rates.get(3)).isCloseTo(0.4, offset(1e-12));
    assertThat(TinyRun.number(TinyRun.rows(run, "train").getLast(), "tokens"))
        .isEqualTo(6 * 3 * 4 * 32);
  }

  @Test
  void trainingDataInFilesAreNotTheValidation() throws Exception {
    // Sequences of 16 bytes of a text, [samples, 3, 16]; made for this test, no number of it
    // counts.
    Path data =
        Path.of(Objects.requireNonNull(PlannedRunTest.class.getResource("hdf5-text")).toURI());
    String train =
        "train_dataloader={data_processor: GptHDF5MapDataProcessor, batch_size: 4, data_dir: '"
            + data
            + "'}";
    RunSummary without = tiny.train(folder.resolve("a"), train, "loop.max_steps=1");
    assertThat(without.evalLoss()).isNull();
    String validation = "val_dataloader={data_dir: '" + data + "', batch_size: 4}";
    RunConfig same = tiny.config(train, validation);
    assertThat(same.notes()).anySatisfy(n -> assertThat(n).contains("validates on training data"));
    assertThat(tiny.train(folder.resolve("b"), train, validation, "loop.max_steps=1").evalLoss())
        .isNotNull();
  }

  @Test
  void aRunWithoutValidationEvaluatesNothing() throws IOException {
    Path run = folder.resolve("run");
    RunSummary summary = tiny.train(run, "val_dataloader=[]", "loop.max_steps=2");
    assertThat(summary.evalLoss()).isNull();
    assertThat(TinyRun.rows(run, "eval")).isEmpty();
    assertThat(TinyRun.resume(run, "loop.stop_at=3").evalLoss()).isNull();
  }

  @Test
  void theShuffleSeedDecidesTheOrderOfTheData() throws IOException {
    tiny.train(folder.resolve("a"), "schedulers=0.0", "loop.max_steps=2");
    tiny.train(
        folder.resolve("b"),
        "schedulers=0.0",
        "loop.max_steps=2",
        "train_dataloader.shuffle_seed=1");
    assertThat(TinyRun.rows(folder.resolve("b"), "train"))
        .isNotEqualTo(TinyRun.rows(folder.resolve("a"), "train"));
  }
}
