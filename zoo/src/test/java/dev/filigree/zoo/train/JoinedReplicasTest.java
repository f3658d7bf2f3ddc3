package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two and four replicas over Gloo against one process with the same batches. */
class JoinedReplicasTest {
  private static final int STEPS = 50;

  @TempDir private static Path folder;
  private static TinyRun tiny;
  private static JoinedReplicas two;
  private static JoinedReplicas four;

  @BeforeAll
  static void join() throws Exception {
    tiny = new TinyRun(folder);
    two = new JoinedReplicas(2);
    four = new JoinedReplicas(4);
  }

  @AfterAll
  static void leave() {
    two.close();
    four.close();
  }

  /**
   * What a run came to.
   *
   * @param losses by step; NaN for a step that was skipped
   * @param masks after each update, and after the last step
   */
  private record Course(List<Double> losses, List<ByteBuffer> masks, long samples) {
    long skipped() {
      return losses.stream().filter(loss -> loss.isNaN()).count();
    }
  }

  private static Course train(RunConfig config, Replica replica, GradientExchange exchange) {
    var losses = new ArrayList<Double>();
    var masks = new ArrayList<ByteBuffer>();
    try (var _ = new PointerScope();
        var session = new Session(config, replica, exchange);
        var step = new TrainingStep(session)) {
      var updated = new boolean[1];
      session.sparsity().ifPresent(sparse -> sparse.addListener((_, _) -> updated[0] = true));
      for (int i = 0; i < STEPS; i++) {
        session.schedule(i);
        TrainingStep.Outcome outcome = step.make(i, false);
        losses.add(outcome.isSkipped() ? Double.NaN : outcome.loss());
        if (updated[0] || i == STEPS - 1) {
          session.sparseParameters().forEach(each -> masks.add(elements(each.mask())));
          updated[0] = false;
        }
      }
      return new Course(losses, masks, session.trainData().samples());
    }
  }

  private static ByteBuffer elements(Tensor mask) {
    return ByteBuffer.wrap(Tensors.segment(mask.contiguous()).toArray(ValueLayout.JAVA_BYTE));
  }

  private static List<Course> train(JoinedReplicas replicas, RunConfig config) throws Exception {
    return replicas.run(group -> train(config, group.replica(), group));
  }

  private static RunConfig config(String algorithm, String execution, String... more) {
    var settings =
        new ArrayList<>(
            List.of(
                "execution=" + execution,
                "loop.max_steps=" + STEPS,
                "loop.grad_accum_steps=1",
                "train_dataloader.batch_size=8",
                "train_dataloader.micro_batch_size=8"));
    settings.addAll(
        switch (algorithm) {
          case "static" -> List.of("sparsity={algorithm: static, sparsity: 0.75}");
          case "granet" ->
              List.of(
                  "sparsity={algorithm: granet, sparsity: {type: cubic, init_sparsity: 0.5,"
                      + " end_sparsity: 0.8, sparsity_start_step: 0, sparsity_end_step: 24,"
                      + " prune_every_k_steps: 4}, drop_fraction: 0.4, update: {freq: 4}}");
          default ->
              List.of(
                  "sparsity={algorithm: %s, sparsity: 0.75, drop_fraction: 0.4, update: {freq: 4}}"
                      .formatted(algorithm));
        });
    settings.addAll(List.of(more));
    return tiny.config(settings.toArray(String[]::new));
  }

  static Stream<Arguments> runs() {
    String[] once = {};
    String[] accumulated = {"train_dataloader.micro_batch_size=4"};
    String[] sharded = {"parallel.shard_optimizer_state=true"};
    return Stream.of(
        Arguments.of("static", "masked", once),
        Arguments.of("static", "compressed", accumulated),
        Arguments.of("set", "masked", accumulated),
        Arguments.of("rigl", "masked", sharded),
        Arguments.of("rigl", "compressed", sharded),
        Arguments.of("set", "compressed", once),
        Arguments.of("rigl", "masked", once),
        Arguments.of("rigl", "compressed", once),
        Arguments.of("rigl", "compressed", accumulated),
        Arguments.of("snfs", "masked", once),
        Arguments.of("snfs", "masked", accumulated),
        Arguments.of("dsr", "masked", sharded),
        Arguments.of("dsr", "compressed", accumulated),
        Arguments.of("granet", "masked", once),
        Arguments.of("granet", "compressed", accumulated));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void theirLossesAndMasksAreThoseOfOneProcess(String algorithm, String execution, String[] more)
      throws Exception {
    RunConfig config = config(algorithm, execution, more);
    Course alone = train(config, Replica.alone(), GradientExchange.none());
    for (JoinedReplicas replicas : List.of(two, four)) {
      for (Course course : train(replicas, config)) {
        assertThat(course.masks()).isEqualTo(alone.masks());
        assertThat(course.samples()).isEqualTo(alone.samples());
        for (int i = 0; i < STEPS; i++) {
          double expected = alone.losses().get(i);
          assertThat(course.losses().get(i)).isCloseTo(expected, within(1e-5 * expected));
        }
      }
    }
  }

  /**
   * A scale that overflows until it has been halved often enough. In float16 the threshold is a
   * replica's own: its gradients are those of a part of the batch, which counts for the whole.
   */
  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void withALossScaleTheySkipStepsTogether(String execution) throws Exception {
    RunConfig config =
        config(
            "rigl",
            execution,
            "precision={enabled: true, fp16_type: float16, loss_scaling_factor: dynamic,"
                + " initial_loss_scale: 1.0e9}",
            "train_dataloader.micro_batch_size=4");
    Course alone = train(config, Replica.alone(), GradientExchange.none());
    List<Course> courses = train(two, config);
    assertThat(courses.get(0)).isEqualTo(courses.get(1));
    assertThat(alone.skipped()).isPositive();
    assertThat(courses.getFirst().skipped()).isBetween(alone.skipped(), alone.skipped() + 2);
    double expected = alone.losses().getLast();
    assertThat(courses.getFirst().losses().getLast()).isCloseTo(expected, within(0.1 * expected));
  }

  @Test
  void masksThatDriftApartStopTheRunWithTheLayersName() throws Exception {
    RunConfig config = config("rigl", "masked");
    List<String> errors =
        two.run(
            group -> {
              try (var session = new Session(config, group.replica(), group)) {
                session.requireAgreement(0);
                if (group.replica().rank() == 1) {
                  SparseOptimizer sparse = session.sparsity().orElseThrow();
                  Map<String, Tensor> masks = sparse.masks();
                  masks.computeIfPresent(
                      sparse.parameters().get(3).name(), (_, mask) -> mask.flip(0));
                  sparse.loadMasks(masks);
                }
                String layer = session.sparseParameters().get(3).name();
                assertThatThrownBy(() -> session.requireAgreement(7))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage(
                        "step 7: the replicas have drifted apart: "
                            + layer
                            + " keeps other weights on replica 1 than on replica 0");
                return layer;
              }
            });
    assertThat(errors.get(0)).isEqualTo(errors.get(1));
  }

  /** Two begin, one of them is asked to stop, four go on, one ends. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunGoesOnWithAnyNumberOfReplicas(boolean sharded) throws Exception {
    String[] settings = {
      "parallel.shard_optimizer_state=" + sharded,
      "loop.max_steps=12",
      "loop.grad_accum_steps=1",
      "loop.eval_steps=3",
      "train_dataloader.micro_batch_size=4"
    };
    Path whole = folder.resolve("whole" + sharded);
    RunSummary expected = tiny.train(whole, settings);
    Path run = folder.resolve("run" + sharded);
    List<RunSummary> begun =
        two.run(
            group -> {
              try (Trainer trainer =
                  Trainer.start(tiny.config(settings), run, group.replica(), group)) {
                if (group.replica().rank() == 1) {
                  trainer.listen(stopAt(5, trainer));
                }
                return trainer.run();
              }
            });
    assertThat(begun).allMatch(summary -> summary.ending() == RunSummary.Ending.STOPPED);
    assertThat(begun).allMatch(summary -> summary.steps() == 6);
    List<RunSummary> further =
        four.run(
            group -> {
              try (Trainer trainer =
                  Trainer.resume(run, List.of("loop.stop_at=9"), group.replica(), group)) {
                return trainer.run();
              }
            });
    assertThat(further).allMatch(summary -> summary.steps() == 9);
    RunSummary last = TinyRun.resume(run, "loop.stop_at=12");
    assertThat(last.positions()).isEqualTo(expected.positions());
    assertThat(last.trainLoss()).isCloseTo(expected.trainLoss(), within(1e-3));
    assertThat(last.evalLoss()).isCloseTo(expected.evalLoss(), within(1e-3));
    List<Map<String, Object>> rows = TinyRun.rows(run, "eval");
    List<Map<String, Object>> same = TinyRun.rows(whole, "eval");
    assertThat(TinyRun.number(rows.getFirst(), "loss"))
        .isCloseTo(TinyRun.number(same.getFirst(), "loss"), within(1e-3));
    List<Map<String, Object>> train = TinyRun.rows(run, "train");
    assertThat(train).hasSize(12);
    Map<String, Object> whatCame = train.getLast();
    Map<String, Object> whatShould = TinyRun.rows(whole, "train").getLast();
    for (String exact : List.of("training_flops", "mean_density", "sparsity")) {
      assertThat(whatCame.get(exact)).as(exact).isEqualTo(whatShould.get(exact));
    }
    for (String norm : List.of("grad_norm_sparse", "grad_norm_dense")) {
      double expectedNorm = TinyRun.number(whatShould, norm);
      assertThat(TinyRun.number(whatCame, norm))
          .isCloseTo(expectedNorm, within(0.02 * expectedNorm));
    }
  }

  private static TrainingListener stopAt(long step, Trainer trainer) {
    return new TrainingListener() {
      @Override
      public void onStep(StepMetrics metrics) {
        if (metrics.step() == step) {
          trainer.requestStop();
        }
      }
    };
  }

  @Test
  void eachReplicaKeepsAboutItsShareOfTheOptimizerState() throws Exception {
    RunConfig config = config("rigl", "compressed", "parallel.shard_optimizer_state=true");
    List<Long> elements =
        two.run(
            group -> {
              try (var session = new Session(config, group.replica(), group);
                  var step = new TrainingStep(session)) {
                step.make(0, false);
                return session.trained().stream()
                    .flatMap(parameter -> session.optimizer().state(parameter).values().stream())
                    .mapToLong(Tensor::numel)
                    .sum();
              }
            });
    long whole;
    try (var session = new Session(config);
        var step = new TrainingStep(session)) {
      step.make(0, false);
      whole =
          session.trained().stream()
              .flatMap(parameter -> session.optimizer().state(parameter).values().stream())
              .mapToLong(Tensor::numel)
              .sum();
    }
    assertThat(elements.get(0) + elements.get(1)).isEqualTo(whole);
    assertThat((double) elements.get(0)).isCloseTo(whole / 2.0, within(0.2 * whole));
  }
}
