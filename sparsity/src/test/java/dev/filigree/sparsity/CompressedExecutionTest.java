package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.ScoreShaper;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Adafactor;
import dev.filigree.optim.SGD;
import dev.filigree.schedule.Cubic;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.Schedules;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.sparsity.algorithm.Ties;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed execution does what masked execution does. */
@Tag("devices")
class CompressedExecutionTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    TinyNetwork.assumeDevice();
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    if (scope != null) {
      scope.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"static", "gmp", "set", "rigl", "granet"})
  void masksAreThoseOfMaskedExecutionAndLossesAgree(String name) {
    compare(algorithm(name), 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"set", "rigl"})
  void summedMicroBatchesGiveTheSameMasks(String name) {
    compare(algorithm(name), 3);
  }

  @Test
  void aDelayedStartIsDenseUntilItsFirstUpdate() {
    var algorithm =
        RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(3).from(6).until(100)).build();
    compare(algorithm, 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aDenseStartGrowsByTheGradientOfItsFirstUpdate(int microBatches) {
    compare(fromDense("granet"), microBatches);
    compare(
        RigL.builder().sparsity(0.3).dropFraction(0.5).update(every(3).from(6)).build(),
        microBatches);
  }

  @ParameterizedTest
  @ValueSource(strings = {"static", "gmp", "set", "rigl", "granet"})
  void aDenseStartSavedAtAnyStepGoesOnToTheSameBits(String name) {
    resumeEverywhere(fromDense(name));
  }

  @Test
  void aRunThatIsDenseNowAndThenGoesOnToTheSameBits() {
    resumeEverywhere(
        SparseEvolution.builder()
            .sparsity(Schedules.cycling(0.0, 0.5, 0.0, 0.8))
            .dropFraction(0.2)
            .update(every(2))
            .build());
  }

  private static void resumeEverywhere(SparsityAlgorithm algorithm) {
    long steps = 24;
    var network = new TinyNetwork();
    var states = new ArrayList<Map<String, Object>>();
    var tensors = new ArrayList<Map<String, Tensor>>();
    try (SparseOptimizer optimizer = wrap(network, algorithm, Execution.COMPRESSED, 1)) {
      for (long step = 0; step < steps; step++) {
        states.add(optimizer.state());
        tensors.add(network.snapshot(optimizer));
        network.train(optimizer, step, step + 1);
      }
      Map<String, Tensor> end = network.snapshot(optimizer);
      for (int step = 0; step < steps; step++) {
        var resumed = new TinyNetwork();
        try (SparseOptimizer other = wrap(resumed, algorithm, Execution.COMPRESSED, 1)) {
          other.load(states.get(step));
          resumed.restore(other, tensors.get(step));
          resumed.train(other, step, steps);
          assertThat(TinyNetwork.equal(end, resumed.snapshot(other))).as("from %d", step).isTrue();
        }
      }
    }
  }

  /** Dense for ten steps, then sparser and sparser. */
  private static SparsityAlgorithm fromDense(String name) {
    return Algorithms.builder(name)
        .sparsity(new Cubic(0, 0.8, 10, 40, 10))
        .dropFraction(0.5)
        .update(every(10).from(10))
        .build();
  }

  @Test
  void randomTiesAreTheSame() {
    var algorithm =
        SparseEvolution.builder()
            .sparsity(0.7)
            .dropFraction(0.3)
            .ties(Ties.RANDOM)
            .update(every(2))
            .build();
    compare(algorithm, 1);
  }

  static Stream<ScoreShaper> groups() {
    return Stream.of(
        ScoreShaper.outputGroups(2), ScoreShaper.inputGroups(5), ScoreShaper.nOfM(2, 4));
  }

  @ParameterizedTest
  @MethodSource("groups")
  void groupsCompeteAsInMaskedExecution(ScoreShaper shaper) {
    for (String name : List.of("set", "rigl")) {
      compare(
          Algorithms.builder(name)
              .sparsity(0.5)
              .dropFraction(0.3)
              .update(every(2))
              .shaper(shaper)
              .build(),
          1);
    }
  }

  @Test
  void aDenseStartMayGrowByTheGradientAtItsFirstUpdate() {
    Schedule rising = Schedules.cubic(0, 0.8, 4, 24, 4);
    compare(
        GraNet.builder().sparsity(rising).dropFraction(0.5).update(every(4).from(4)).build(), 1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void randomTiesAndRandomGrowthAreDrawnApart(Execution execution) {
    var layer = new Linear(100, 100, false);
    layer.weight().set_data(torch.ones(100, 100));
    var algorithm =
        SparseEvolution.builder()
            .sparsity(0.5)
            .dropFraction(0.5)
            .ties(Ties.RANDOM)
            .update(every(1))
            .build();
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0.0));
    var options = SparsityOptions.defaults().execution(execution);
    try (SparseOptimizer optimizer =
        Sparsity.wrap(layer, sgd, AlgorithmGroup.of(algorithm), options)) {
      var gone = new ArrayList<Long>();
      optimizer.addListener((_, update) -> gone.add(update.dropped()));
      optimizer.step();
      // All weights are equal, so chance says which 2500 go; then 2500 of the 7500 missing ones
      // come, and by chance a third of those that have just gone is among them.
      assertThat(gone.getFirst()).isCloseTo(2500L * 2 / 3, within(100L));
    }
  }

  @Test
  void everythingKeptAndNothingKeptWork() {
    compare(Static.builder().sparsity(0.0).build(), 1);
    compare(Static.builder().sparsity(1.0).build(), 1);
  }

  private static void compare(SparsityAlgorithm algorithm, int microBatches) {
    var left = new TinyNetwork();
    var right = new TinyNetwork();
    try (SparseOptimizer masked = wrap(left, algorithm, Execution.MASKED, microBatches);
        SparseOptimizer compressed = wrap(right, algorithm, Execution.COMPRESSED, microBatches)) {
      for (long step = 0; step < 30; step++) {
        double expected = train(left, masked, step, microBatches);
        double found = train(right, compressed, step, microBatches);
        assertThat(found).as("loss of step %d", step).isCloseTo(expected, within(1e-4));
        assertThat(kept(compressed)).as("masks after step %d", step).isEqualTo(kept(masked));
        compressed.verify();
      }
      for (int i = 0; i < masked.parameters().size(); i++) {
        SparseParameter expected = masked.parameters().get(i);
        SparseParameter found = compressed.parameters().get(i);
        assertThat(torch.allclose(found.dense(), expected.dense(), 1e-3, 1e-4, false)).isTrue();
        compressed
            .state(found.weight())
            .forEach(
                (key, state) -> {
                  if (found.hasFormOfWeight(state)) {
                    assertThat(
                            torch.allclose(
                                found.toDense(state),
                                masked.state(expected.weight()).get(key),
                                1e-3,
                                1e-4,
                                false))
                        .as(key)
                        .isTrue();
                  }
                });
      }
    }
  }

  private static double train(
      TinyNetwork network, SparseOptimizer optimizer, long step, int microBatches) {
    optimizer.zeroGrad();
    double loss = 0;
    for (int micro = 0; micro < microBatches; micro++) {
      loss += network.backward(step * microBatches + micro) / microBatches;
    }
    optimizer.step();
    return loss;
  }

  @Test
  void onlyKeptWeightsAreStored() {
    var network = new TinyNetwork();
    try (SparseOptimizer optimizer = wrap(network, algorithm("rigl"), Execution.COMPRESSED, 1)) {
      network.train(optimizer, 0, 5);
      for (SparseParameter parameter : optimizer.parameters()) {
        assertThat(parameter.weight().numel()).isEqualTo(parameter.kept());
        assertThat(parameter.weight().grad().numel()).isEqualTo(parameter.kept());
        assertThat(optimizer.state(parameter.weight()).get("exp_avg"))
            .isNotNull()
            .matches(state -> state.numel() == parameter.kept());
      }
    }
  }

  @Test
  void closingGivesADenseModelBack() {
    var network = new TinyNetwork();
    SparseOptimizer optimizer = wrap(network, algorithm("rigl"), Execution.COMPRESSED, 1);
    network.train(optimizer, 0, 5);
    List<Tensor> dense = optimizer.parameters().stream().map(SparseParameter::dense).toList();
    optimizer.close();
    Map<String, Tensor> parameters = Tensors.namedParameters(network);
    assertThat(parameters.get("first.weight"))
        .isNotNull()
        .matches(weight -> weight.equal(dense.getFirst()));
    assertThat(network.train(optimizer.inner(), 5, 8)).isFinite();
  }

  @Test
  void anUndeclaredSecondBackwardPassIsAnError() {
    var network = new TinyNetwork();
    try (SparseOptimizer optimizer = wrap(network, algorithm("rigl"), Execution.COMPRESSED, 1)) {
      network.train(optimizer, 0, 1);
      optimizer.zeroGrad();
      network.backward(1);
      network.backward(2);
      assertThatThrownBy(optimizer::step).hasMessageContaining("microBatches");
    }
  }

  @Test
  void whatCannotRunCompressedSaysWhy() {
    var network = new TinyNetwork();
    var grouped =
        RigL.builder()
            .sparsity(0.5)
            .dropFraction(0.3)
            .shaper(ScoreShaper.blocks(2, 2, ScoreShaper.Pool.MEAN))
            .update(every(2))
            .build();
    assertThatThrownBy(() -> wrap(network, grouped, Execution.COMPRESSED, 1))
        .hasMessage("'first.weight' cannot run compressed: its weights go and come in blocks");
    var adafactor =
        new Adafactor(Tensors.namedParameters(network).values(), Adafactor.options().lr(0.01));
    assertThatThrownBy(
            () ->
                Sparsity.wrap(
                    network,
                    adafactor,
                    AlgorithmGroup.of(algorithm("rigl")),
                    SparsityOptions.defaults().execution(Execution.COMPRESSED)))
        .hasMessageContaining("Adafactor needs whole rows and columns of a matrix");
  }

  @Test
  void autoTakesMaskedForWhatCannotRunCompressed() {
    var network = new TinyNetwork();
    var grouped =
        RigL.builder()
            .sparsity(0.9)
            .dropFraction(0.3)
            .shaper(ScoreShaper.blocks(2, 2, ScoreShaper.Pool.MEAN))
            .update(every(2))
            .build();
    try (SparseOptimizer optimizer = wrap(network, grouped, Execution.AUTO, 1)) {
      assertThat(optimizer.parameters())
          .allMatch(parameter -> parameter.execution() == Execution.MASKED)
          .allMatch(parameter -> parameter.executionReason().orElseThrow().contains("in blocks"));
    }
  }

  @Test
  void nativeMemoryOfPackedInputsIsUsedAgain() {
    var network = new TinyNetwork();
    try (SparseOptimizer optimizer = wrap(network, algorithm("set"), Execution.COMPRESSED, 1)) {
      for (long step = 0; step < 200; step++) {
        try (var _ = new PointerScope()) {
          network.train(optimizer, step, step + 1);
        }
      }
      optimizer.verify();
    }
  }

  private static SparsityAlgorithm algorithm(String name) {
    Schedule rising = step -> Math.min(0.8, 0.3 + 0.05 * step);
    boolean gradual = name.equals("gmp") || name.equals("granet");
    return Algorithms.builder(name)
        .sparsity(gradual ? rising : Schedules.constant(0.8))
        .dropFraction(Schedules.cosine(0.5, 20))
        .update(every(2))
        .build();
  }

  private static SparseOptimizer wrap(
      TinyNetwork network, SparsityAlgorithm algorithm, Execution execution, int microBatches) {
    return Sparsity.wrap(
        network,
        network.adamW(),
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution).microBatches(microBatches));
  }

  private static List<List<Long>> kept(SparseOptimizer optimizer) {
    var kept = new ArrayList<List<Long>>();
    optimizer.parameters().forEach(parameter -> kept.add(TinyNetwork.kept(parameter.mask())));
    return kept;
  }
}
