package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.SkippedStep;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps whose numbers went wrong, and weights that should not be there. */
class NotFiniteTest {
  private static final String OVERFLOW =
      "precision={enabled: true, fp16_type: float16, loss_scaling_factor: dynamic, "
          + "initial_loss_scale: 1.0e30}";

  @TempDir Path folder;
  private TinyRun tiny;
  private Path run;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyRun(folder.resolve("data"));
    run = folder.resolve("run");
  }

  /** Poisons a dense weight after a step, and mends it after some skipped ones. */
  private static final class Poison implements TrainingListener {
    private final Session session;
    private final Tensor weight;
    private final Tensor sound;
    private final double value;
    private final long step;
    private final int batches;
    private final List<Tensor> masks = new ArrayList<>();
    private long skipped;

    Poison(Session session, double value, long step, int batches) {
      this.session = session;
      weight = Objects.requireNonNull(session.parameters().get("model.norm.weight"));
      sound = weight.detach().clone();
      this.value = value;
      this.step = step;
      this.batches = batches;
    }

    @Override
    public void onStep(StepMetrics metrics) {
      if (metrics.step() == step && skipped == 0) {
        sound.copy_(weight.detach());
        session.sparseParameters().forEach(parameter -> masks.add(parameter.mask().clone()));
        weight.detach().fill_(new Scalar(value));
      }
    }

    @Override
    public void onSkipped(SkippedStep step) {
      if (++skipped == batches) {
        weight.detach().copy_(sound);
      }
      for (int i = 0; i < masks.size(); i++) {
        assertThat(session.sparseParameters().get(i).mask().equal(masks.get(i))).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void batchesThatAreNotFiniteAreSkippedAndCountedAndTheRunGoesOn(double value) throws IOException {
    RunSummary summary;
    try (RunDirectory directory = RunDirectory.create(run);
        var session = new Session(tiny.config("loop.max_steps=10"))) {
      var loop = new TrainingLoop(directory, session, new Progress());
      loop.listen(new Poison(session, value, 7, 3));
      summary = loop.run();
    }
    assertThat(summary.steps()).isEqualTo(10);
    assertThat(summary.skipped()).isEqualTo(3);
    List<Map<String, Object>> skipped = TinyRun.rows(run, "skipped");
    // The step that the mask would have been updated at is the one that was tried again.
    assertThat(skipped).hasSize(3).allMatch(row -> Long.valueOf(8).equals(row.get("step")));
    assertThat(TinyRun.rows(run, "train"))
        .hasSize(10)
        .allMatch(row -> Double.isFinite(TinyRun.number(row, "loss")));
    assertThat(TinyRun.rows(run, "mask_update"))
        .anyMatch(row -> Long.valueOf(8).equals(row.get("step")));
  }

  @Test
  void severalInARowStopTheRunWithACheckpointOfBefore() {
    assertThatThrownBy(
            () -> tiny.train(run, OVERFLOW, "loop.max_skipped_steps=4", "checkpoint.steps=0"))
        .isInstanceOf(TrainingException.class)
        .hasMessageContaining("skipped 4 times in a row")
        .hasMessageContaining("lower the learning rate")
        .hasMessageContaining(run.resolve("checkpoints/step-000000") + ", go on from it");
    RunSummary summary = TinyRun.resume(run, "precision={enabled: false}", "loop.stop_at=2");
    assertThat(summary.steps()).isEqualTo(2);
    assertThat(summary.skipped()).isEqualTo(4);
  }

  @Test
  void anOverflowOfTheLossScaleLeavesMasksAndWeightsAsTheyWere() {
    var masks = new ArrayList<Tensor>();
    var weights = new ArrayList<Tensor>();
    try (RunDirectory directory = RunDirectory.create(run);
        var session =
            new Session(tiny.config(OVERFLOW, "loop.stop_at=1", "loop.max_skipped_steps=200"))) {
      for (SparseParameter parameter : session.sparseParameters()) {
        masks.add(parameter.mask().clone());
        weights.add(parameter.dense().detach().clone());
      }
      var loop = new TrainingLoop(directory, session, new Progress());
      var skipped = new ArrayList<SkippedStep>();
      loop.listen(
          new TrainingListener() {
            @Override
            public void onSkipped(SkippedStep step) {
              skipped.add(step);
              for (int i = 0; i < masks.size(); i++) {
                SparseParameter parameter = session.sparseParameters().get(i);
                assertThat(parameter.mask().equal(masks.get(i))).isTrue();
                assertThat(parameter.dense().detach().equal(weights.get(i))).isTrue();
              }
            }
          });
      loop.run();
      assertThat(skipped).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void aSilentlyDenseLayerStopsTheRunAndIsNamed(String execution) {
    try (var session =
        new Session(tiny.config("execution=" + execution, "sparsity.sparsity=0.5"))) {
      SparsityGuard.check(session);
      SparseParameter layer = session.sparseParameters().get(3);
      SparseOptimizer sparse = session.sparsity().orElseThrow();
      Map<String, Tensor> masks = sparse.masks();
      masks.put(layer.name(), layer.mask().logical_or(layer.mask().logical_not()));
      sparse.loadMasks(masks);
      assertThatThrownBy(() -> SparsityGuard.check(session))
          .isInstanceOf(TrainingException.class)
          .hasMessageContaining("not as sparse as configured")
          .hasMessageContaining(layer.name());
    }
  }
}
