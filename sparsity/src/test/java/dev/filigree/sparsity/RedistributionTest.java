package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.nn.Layer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.DynamicReparameterization;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Algorithms that move weights from layer to layer, by hand. */
class RedistributionTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** Two weights of 2 × 4, of which the first four exist in each. */
  private static final class TwoWeights extends Layer {
    private final Tensor first =
        registerParameter("first", OneWeight.tensor(2, 4, 0.1, 0.4, 0.5, 0.6, 9, 9, 9, 9));
    private final Tensor second =
        registerParameter("second", OneWeight.tensor(2, 4, 2, 3, 4, 0.3, 9, 9, 9, 9));

    /** One step in which the gradients are these. */
    void step(SparseOptimizer optimizer, double[] ofFirst, double[] ofSecond) {
      optimizer.zeroGrad();
      first
          .mul(OneWeight.tensor(2, 4, ofFirst))
          .sum()
          .add(second.mul(OneWeight.tensor(2, 4, ofSecond)).sum())
          .backward();
      optimizer.step();
    }

    SparseOptimizer wrap(SparsityAlgorithm algorithm) {
      var sgd = new SGD(List.of(first, second), SGD.options().lr(0));
      return MaskedTraining.wrap(this, sgd, algorithm);
    }
  }

  private static AlgorithmBuilder<SparsityAlgorithm> builder(String name, String options) {
    return Algorithms.builder(name, ConfigReader.parse(options, "test").asMap())
        .sparsity(0.5)
        .update(every(1))
        .initialMask(OneWeight.keeping(0, 1, 2, 3));
  }

  private static List<List<Long>> masks(SparseOptimizer optimizer) {
    return optimizer.parameters().stream().map(p -> TinyNetwork.kept(p.mask())).toList();
  }

  /**
   * Half of the four weights of each layer go: 0.1 and 0.4, 2 and 0.3. The mean momentum of the
   * existing is 3 and 1, so of the four that come three are the first layer's, where it is largest.
   */
  @Test
  void snfsGrowsWhereTheMomentumOfALayerIsLarge() {
    var model = new TwoWeights();
    try (var optimizer = model.wrap(builder("snfs", "{beta: 0.5}").dropFraction(0.5).build())) {
      model.step(
          optimizer,
          new double[] {3, -3, 3, 3, 5, -9, 7, 2},
          new double[] {1, 1, -1, 1, 0, 0, 0, -2});
      assertThat(masks(optimizer))
          .containsExactly(List.of(2L, 3L, 4L, 5L, 6L), List.of(1L, 2L, 7L));
      optimizer.verify();
    }
  }

  /**
   * Below 0.45 are two weights of the first layer and one of the second; of the three that come the
   * first gets 3·2/5 = 1.2 and the second 3·3/5 = 1.8, so 1 and 2.
   */
  @Test
  void dsrDropsByOneThresholdAndGrowsWhereWeightsAreLeft() {
    var model = new TwoWeights();
    var none = new double[8];
    try (var optimizer =
        model.wrap(builder("dsr", "{threshold: 0.45}").dropFraction(0.375).build())) {
      model.step(optimizer, none, none);
      assertThat(optimizer.parameters().stream().map(SparseParameter::kept))
          .containsExactly(3L, 5L);
      assertThat(masks(optimizer).getFirst()).contains(2L, 3L);
      assertThat(masks(optimizer).getLast()).contains(0L, 1L, 2L);
      assertThat(threshold(optimizer)).isEqualTo(0.45); // three of eight were meant to go
    }
  }

  @Test
  void theThresholdOfDsrDoublesAfterTooFewAndHalvesAfterTooMany() {
    var none = new double[8];
    for (double meant : new double[] {0.1, 0.9}) {
      var model = new TwoWeights();
      try (var optimizer =
          model.wrap(builder("dsr", "{threshold: 0.45}").dropFraction(meant).build())) {
        model.step(optimizer, none, none);
        assertThat(threshold(optimizer)).isEqualTo(meant > 0.5 ? 0.9 : 0.225);
        var resumed = new TwoWeights();
        try (var other = resumed.wrap(builder("dsr", "{}").dropFraction(meant).build())) {
          assertThat(threshold(other)).isEqualTo(1e-3);
          other.load(optimizer.state());
          assertThat(threshold(other)).isEqualTo(threshold(optimizer));
        }
      }
    }
  }

  private static double threshold(SparseOptimizer optimizer) {
    if (optimizer.state().get("groups") instanceof List<?> groups
        && groups.getFirst() instanceof Map<?, ?> group
        && group.get("redistribution") instanceof Map<?, ?> remembered
        && remembered.get("threshold") instanceof Double threshold) {
      return threshold;
    }
    throw new AssertionError("no threshold in " + optimizer.state());
  }

  /** A layer that is full gives what it cannot take to the others. */
  @Test
  void aFullLayerTakesNoMore() {
    var model = new TwoWeights();
    try (var optimizer =
        model.wrap(builder("snfs", "{}").sparsity(0.125).dropFraction(0.25).build())) {
      var large = new double[] {1, 1, 1, 1, 1, 1, 1, 1};
      var small = new double[] {1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3};
      model.step(optimizer, large, small);
      assertThat(optimizer.parameters().stream().map(SparseParameter::kept))
          .containsExactly(8L, 6L);
    }
  }

  @Test
  void weightsInGroupsAreRefused() {
    var model = new TwoWeights();
    var dsr = builder("dsr", "{}").dropFraction(0.1).shaper(ScoreShaper.outputGroups(2)).build();
    assertThatThrownBy(() -> model.wrap(dsr))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "'first': DynamicReparameterization moves single weights between layers, so none can"
                + " be in groups or blocks");
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new DynamicReparameterization.Options(0, 0.1))
        .hasMessage("threshold must be above 0, found 0.0");
    assertThatThrownBy(() -> new DynamicReparameterization.Options(1, 1))
        .hasMessage("tolerance must lie in [0, 1), found 1.0");
  }

  /** Both layers compressed and masked choose the same, and keep all weights between them. */
  @Test
  void dsrCompressedHasTheMasksOfMasked() {
    var algorithm = Algorithms.builder("dsr", ConfigReader.parse("{threshold: 0.1}", "t").asMap());
    algorithm.sparsity(0.8).dropFraction(0.3).update(every(2));
    var masked = new TinyNetwork();
    var compressed = new TinyNetwork();
    try (var left = wrap(masked, algorithm.build(), Execution.MASKED);
        var right = wrap(compressed, algorithm.build(), Execution.COMPRESSED)) {
      long total = left.parameters().stream().mapToLong(SparseParameter::kept).sum();
      for (long step = 0; step < 20; step++) {
        masked.train(left, step, step + 1);
        compressed.train(right, step, step + 1);
        assertThat(masks(left)).isEqualTo(masks(right));
      }
      assertThat(left.parameters().getFirst().sparsity()).isNotEqualTo(0.8);
      assertThat(left.parameters().stream().mapToLong(SparseParameter::kept).sum())
          .isEqualTo(total);
    }
  }

  private static SparseOptimizer wrap(
      TinyNetwork network, SparsityAlgorithm algorithm, Execution execution) {
    var sgd = new SGD(network.parameters(), SGD.options().lr(0.05));
    return Sparsity.wrap(
        network,
        sgd,
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution));
  }
}
