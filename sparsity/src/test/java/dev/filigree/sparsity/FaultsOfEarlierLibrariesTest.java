package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cosine;
import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.UpdateSchedules.always;
import static dev.filigree.schedule.UpdateSchedules.every;
import static dev.filigree.sparsity.MaskedTraining.MASKED;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.optim.AdamW;
import dev.filigree.schedule.Schedule;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What earlier libraries for sparse training got wrong, each fault pinned by one test. */
class FaultsOfEarlierLibrariesTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  @Test
  void dropFractionIsAnnealedAndNotFrozenAtItsFirstValue() {
    var network = new TinyNetwork();
    var fractions = new ArrayList<Double>();
    Schedule watched =
        step -> {
          double value = cosine(0.5, 10).at(step);
          fractions.add(value);
          return value;
        };
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(watched).update(every(2)).build();
    var history = new MaskHistory();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      optimizer.addListener(history);
      network.train(optimizer, 0, 14);
    }
    assertThat(fractions.stream().distinct().toList())
        .containsExactly(
            cosine(0.5, 10).at(2),
            cosine(0.5, 10).at(4),
            cosine(0.5, 10).at(6),
            cosine(0.5, 10).at(8),
            0.0);
    assertThat(history.updates())
        .allSatisfy(
            update ->
                assertThat(update.dropped() > 0).as("%s", update).isEqualTo(update.step() < 10));
  }

  @Test
  void delayedStartReachesItsTargetAtItsFirstUpdate() {
    for (String name : List.of("set", "rigl", "gmp", "granet")) {
      var network = new TinyNetwork();
      var algorithm =
          Algorithms.builder(name)
              .sparsity(step -> 0.8)
              .dropFraction(0.1)
              .update(every(4).from(6))
              .build();
      try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
        network.train(optimizer, 0, 5);
        assertThat(optimizer.sparsity()).as("%s before", name).isZero();
        network.train(optimizer, 5, 6);
        for (SparseParameter parameter : optimizer.parameters()) {
          assertThat(parameter.kept())
              .as("%s %s", name, parameter)
              .isEqualTo(Counting.kept(parameter.size(), 0.8));
        }
        optimizer.verify();
      }
    }
  }

  @Test
  void countingIsExactWhereFloat32LosesOrAddsAWeight() {
    var model = new OneWeight(torch.ones(2, 5));
    var algorithm = Static.builder().sparsity(0.8).build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(1), algorithm)) {
      assertThat(optimizer.parameters().getFirst().kept()).isEqualTo(2);
    }
  }

  @Test
  void dropsNeverPickPrunedPositionsWhenWeightsAreZero() {
    var model = new OneWeight(torch.zeros(4, 5));
    var algorithm =
        GradualMagnitude.builder()
            .sparsity(step -> step == 0 ? 0.5 : 0.75)
            .update(always())
            .initialMask(OneWeight.keeping(1, 3, 5, 7, 9, 11, 13, 15, 17, 19))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(1), algorithm)) {
      optimizer.step();
      assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask()))
          .containsExactly(1L, 3L, 5L, 7L, 9L);
    }
  }

  @Test
  void nanInAPrunedGradientIsNotGrownFirst() {
    var model = OneWeight.of(1, 5, 4, 3, 2, 1, 1);
    var algorithm =
        RigL.builder()
            .sparsity(0.6)
            .update(always())
            .dropFraction(0.5)
            .initialMask(OneWeight.keeping(0, 1))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      model.backward(0, 0, Double.NaN, 0.1, Double.NaN);
      optimizer.step();
      assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask()))
          .containsExactly(0L, 3L);
    }
  }

  @Test
  void masksAreNotDrawnInBfloat16() {
    var half = new OneWeight(torch.ones(64, 64).to(ScalarType.BFloat16));
    var full = new OneWeight(torch.ones(64, 64));
    var algorithm = Static.builder().sparsity(0.9).build();
    try (var left = MaskedTraining.wrap(half, half.sgd(1), algorithm);
        var right = MaskedTraining.wrap(full, full.sgd(1), algorithm)) {
      assertThat(TinyNetwork.kept(left.parameters().getFirst().mask()))
          .hasSize(409)
          .isEqualTo(TinyNetwork.kept(right.parameters().getFirst().mask()));
    }
  }

  @Test
  void groupsAreCheckedOnEveryParameterBeforeAnythingIsChanged() {
    // first.weight has 40 outputs, second.weight 10: only the first has 20 groups.
    var network = new TinyNetwork();
    Tensor before = network.firstWeight().detach().clone();
    var algorithm = Static.builder().sparsity(0.8).shaper(ScoreShaper.outputGroups(20)).build();
    assertThatThrownBy(() -> MaskedTraining.wrap(network, network.adamW(), algorithm))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("second.weight", "[10, 40]", "20 output groups");
    assertThat(network.firstWeight().equal(before)).isTrue();
    var other = Static.builder().sparsity(0.8).shaper(ScoreShaper.outputGroups(10)).build();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), other)) {
      optimizer.verify();
    }
  }

  @Test
  void unequalGroupsBecomeEqualAndStayEqual() {
    var model = new OneWeight(torch.ones(4, 10));
    var algorithm =
        SparseEvolution.builder()
            .sparsity(0.8)
            .update(always())
            .dropFraction(0.3)
            .initialMask(OneWeight.keeping(0, 1, 2, 3, 4, 5, 6, 20))
            .shaper(ScoreShaper.outputGroups(4))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(1), algorithm)) {
      for (int step = 0; step < 5; step++) {
        optimizer.step();
        Tensor perGroup = optimizer.parameters().getFirst().mask().sum(1);
        for (long group = 0; group < 4; group++) {
          assertThat(perGroup.get(group).item_long()).isEqualTo(2);
        }
      }
    }
  }

  @Test
  void scheduleStateSurvivesACheckpointInJson() throws JsonProcessingException {
    var network = new TinyNetwork();
    Map<String, Object> state;
    Map<String, Tensor> tensors;
    try (var optimizer = takingTurns(network)) {
      network.train(optimizer, 0, 3);
      state = optimizer.state();
      tensors = network.snapshot(optimizer);
      assertThat(optimizer.parameters().getFirst().targetSparsity()).isEqualTo(0.9);
    }
    String json = new ObjectMapper().writeValueAsString(state);
    var resumed = new TinyNetwork();
    try (var optimizer = takingTurns(resumed)) {
      optimizer.load(new ObjectMapper().readValue(json, new TypeReference<>() {}));
      resumed.restore(optimizer, tensors);
      assertThat(optimizer.stepCount()).isEqualTo(3);
      assertThat(optimizer.state()).isEqualTo(state);
      assertThat(optimizer.parameters().getFirst().targetSparsity()).isEqualTo(0.9);
      optimizer.verify();
      resumed.train(optimizer, 3, 4);
      assertThat(optimizer.parameters().getFirst().targetSparsity()).isEqualTo(0.5);
    }
  }

  private static SparseOptimizer takingTurns(TinyNetwork network) {
    var algorithm =
        SparseEvolution.builder()
            .sparsity(cycling(0.5, 0.7, 0.9))
            .update(always())
            .dropFraction(cycling(0.1, 0.2))
            .build();
    return MaskedTraining.wrap(network, network.adamW(), algorithm);
  }

  @Test
  void masksLoadedWithAPrefixAreRefusedAndChangeNothing() {
    var network = new TinyNetwork();
    try (var optimizer =
        MaskedTraining.wrap(network, network.adamW(), Static.builder().sparsity(0.8).build())) {
      List<Long> before = TinyNetwork.kept(optimizer.parameters().getFirst().mask());
      var prefixed = new LinkedHashMap<String, Tensor>();
      optimizer.masks().forEach((name, mask) -> prefixed.put("model." + name, mask.logical_not()));
      assertThatThrownBy(() -> optimizer.loadMasks(prefixed))
          .hasMessageContainingAll("model.first.weight", "configuration does not make sparse");
      assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask())).isEqualTo(before);
    }
  }

  @Test
  void nothingIsComputedForMasksOnStepsThatAreNoUpdates() {
    var network = new TinyNetwork();
    var asked = new ArrayList<Long>();
    var scored = new ArrayList<String>();
    var algorithm =
        new AlgorithmBuilder<>(
                settings ->
                    new SparsityAlgorithm(settings) {
                      @Override
                      public Evidence evidence() {
                        return Evidence.gradient();
                      }

                      @Override
                      public Tensor growScore(WeightView weight) {
                        scored.add("grow");
                        return weight.gradient().abs();
                      }
                    })
            .sparsity(
                step -> {
                  asked.add(step);
                  return 0.8;
                })
            .dropFraction(0.3)
            .update(every(5))
            .build();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      asked.clear();
      for (long step = 0; step < 12; step++) {
        optimizer.zeroGrad();
        network.backward(step);
        boolean captured = optimizer.parameters().getFirst().denseGradient().isPresent();
        assertThat(captured).as("step %d", step).isEqualTo((step + 1) % 5 == 0);
        optimizer.step();
      }
    }
    assertThat(asked).containsOnly(5L, 10L);
    assertThat(scored).hasSize(4);
  }

  @Test
  void reportedSparsityIsCountedAndNotTheTarget() {
    var model = new OneWeight(torch.ones(4, 5));
    var algorithm =
        Static.builder()
            .sparsity(0.8)
            .initialMask(OneWeight.keeping(0, 2, 4, 6, 8, 10, 12))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(1), algorithm)) {
      assertThat(optimizer.parameters().getFirst().targetSparsity()).isEqualTo(0.8);
      assertThat(optimizer.parameters().getFirst().sparsity()).isEqualTo(1 - 7 / 20.0);
      assertThat(optimizer.sparsity()).isEqualTo(1 - 7 / 20.0);
      optimizer.verify();
    }
  }

  @Test
  void bothMomentsAreZeroOutsideTheMaskAndWhereAWeightJustGrew() {
    var network = new TinyNetwork();
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(0.5).update(every(3)).build();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      network.train(optimizer, 0, 2);
      Map<String, Tensor> before = optimizer.masks();
      network.train(optimizer, 2, 3);
      for (SparseParameter parameter : optimizer.parameters()) {
        Tensor old = requireNonNull(before.get(parameter.name())).logical_and(parameter.mask());
        assertThat(Masks.count(old)).isLessThan(parameter.kept());
        for (String moment : List.of("exp_avg", "exp_avg_sq")) {
          Tensor state = requireNonNull(optimizer.state(parameter.weight()).get(moment));
          assertThat(Masks.count(state.ne(new Scalar(0)).logical_and(old.logical_not())))
              .as("%s of %s", moment, parameter)
              .isZero();
          assertThat(Masks.count(state.ne(new Scalar(0)))).isPositive();
        }
      }
    }
  }

  @Test
  void modulesWithEqualNamesInsideDoNotCollide() {
    var actor = new TinyNetwork();
    var critic = new TinyNetwork();
    var models = new LinkedHashMap<String, Module>();
    models.put("actor", actor);
    models.put("critic", critic);
    var all = new ArrayList<Tensor>(Tensors.namedParameters(actor).values());
    all.addAll(Tensors.namedParameters(critic).values());
    var inner = new AdamW(all, AdamW.options().lr(0.01));
    AlgorithmGroup group = AlgorithmGroup.of(Static.builder().sparsity(0.8).build());
    try (var optimizer = Sparsity.wrap(models, inner, group, MASKED)) {
      assertThat(optimizer.masks())
          .containsOnlyKeys(
              "actor.first.weight",
              "actor.second.weight",
              "critic.first.weight",
              "critic.second.weight");
      assertThat(TinyNetwork.kept(requireNonNull(optimizer.masks().get("actor.first.weight"))))
          .isNotEqualTo(
              TinyNetwork.kept(requireNonNull(optimizer.masks().get("critic.first.weight"))));
      optimizer.verify();
    }
  }

  @Test
  void masksOfReplicasThatAverageTheirGradientsDoNotDriftApart() {
    var first = new TinyNetwork();
    var second = new TinyNetwork();
    var algorithm = RigL.builder().sparsity(0.8).dropFraction(0.5).update(every(2));
    try (var left = MaskedTraining.wrap(first, first.adamW(), algorithm.build());
        var right = MaskedTraining.wrap(second, second.adamW(), algorithm.build())) {
      for (long step = 0; step < 8; step++) {
        left.zeroGrad();
        right.zeroGrad();
        first.backward(2 * step);
        second.backward(2 * step + 1);
        averageGradients(left, right);
        left.step();
        right.step();
      }
      assertThat(TinyNetwork.equal(first.snapshot(left), second.snapshot(right))).isTrue();
      assertThat(kept(left)).isNotEqualTo(keptAlone(algorithm.build()));
    }
  }

  /** What an all-reduce does: every gradient, and the dense ones that masks are updated by. */
  private static void averageGradients(SparseOptimizer left, SparseOptimizer right) {
    try (var _ = new NoGradGuard()) {
      for (int i = 0; i < left.groups().getFirst().parameters().size(); i++) {
        average(
            left.groups().getFirst().parameters().get(i).grad(),
            right.groups().getFirst().parameters().get(i).grad());
      }
      for (int i = 0; i < left.parameters().size(); i++) {
        var mine = left.parameters().get(i).denseGradient();
        var theirs = right.parameters().get(i).denseGradient();
        assertThat(mine.isPresent()).isEqualTo(theirs.isPresent());
        if (mine.isPresent()) {
          average(mine.get(), theirs.orElseThrow());
        }
      }
    }
  }

  private static void average(Tensor mine, Tensor theirs) {
    Tensor mean = mine.add(theirs).div(new Scalar(2));
    mine.copy_(mean);
    theirs.copy_(mean);
  }

  private static List<List<Long>> keptAlone(SparsityAlgorithm algorithm) {
    var network = new TinyNetwork();
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm)) {
      for (long step = 0; step < 8; step++) {
        network.train(optimizer, 2 * step, 2 * step + 1);
      }
      return kept(optimizer);
    }
  }

  private static List<List<Long>> kept(SparseOptimizer optimizer) {
    return optimizer.masks().values().stream().map(TinyNetwork::kept).toList();
  }

  @Test
  void silentlyDenseRunIsAnError() {
    var network = new TinyNetwork();
    try (var optimizer =
        MaskedTraining.wrap(network, network.adamW(), Static.builder().sparsity(0.8).build())) {
      optimizer.verify();
      try (var _ = new NoGradGuard()) {
        network.firstWeight().fill_(new Scalar(1));
      }
      assertThatThrownBy(optimizer::verify)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("first.weight: 640 weights exist outside the mask");
      var dense = new LinkedHashMap<String, Tensor>();
      optimizer
          .masks()
          .forEach((name, mask) -> dense.put(name, mask.logical_or(mask.logical_not())));
      optimizer.loadMasks(dense);
      assertThatThrownBy(optimizer::verify)
          .hasMessage("first.weight: keeps 800 of 800 weights, its sparsity 0.8 asks for 160");
    }
  }
}
