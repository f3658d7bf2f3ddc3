package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.ElasticMutation;
import dev.filigree.sparsity.algorithm.SparseRefined;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Updates of a few weights, computed by hand. */
class AlgorithmsByHandTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static AlgorithmBuilder<SparsityAlgorithm> builder(String name, String options) {
    return Algorithms.builder(name, ConfigReader.parse(options, "test").asMap()).update(every(1));
  }

  private static List<Long> kept(SparseOptimizer optimizer) {
    return TinyNetwork.kept(optimizer.parameters().getFirst().mask());
  }

  /** Of 0.1, 0.2, 0.5 and 1 the first has a gradient of 8: with λ = 0.1 its score is 0.9. */
  @Test
  void mestKeepsASmallWeightWhoseGradientIsLarge() {
    for (String lambda : List.of("0.1", "0")) {
      var model = OneWeight.of(2, 4, 0.1, 0.2, 0.5, 1, 9, 9, 9, 9);
      var algorithm =
          builder("mest", "{lambda: %s}".formatted(lambda))
              .sparsity(0.5)
              .dropFraction(0.25)
              .initialMask(OneWeight.keeping(0, 1, 2, 3))
              .build();
      try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
        model.backward(8, 0, 0, 0, 0, 0, 0, 0);
        optimizer.step();
        List<Long> stayed = lambda.equals("0") ? List.of(1L, 2L, 3L) : List.of(0L, 2L, 3L);
        assertThat(kept(optimizer)).containsAll(stayed).hasSize(4);
        optimizer.verify();
      }
    }
  }

  /**
   * A quarter of eight weights is meant to be left. While the drop fraction is a half, four train:
   * the first update leaves 0.5 and 1 and grows two; the second, after which the fraction is zero,
   * drops those two again, which are still zero, and grows none.
   */
  @Test
  void theSoftBoundOfMestGrowsBeyondTheSparsityUntilTheNextUpdate() {
    var model = OneWeight.of(2, 4, 0.1, 0.2, 0.5, 1, 9, 9, 9, 9);
    var algorithm =
        builder("mest", "{soft: true}")
            .sparsity(0.75)
            .dropFraction(step -> step < 2 ? 0.5 : 0)
            .initialMask(OneWeight.keeping(0, 1, 2, 3))
            .build();
    assertThat(algorithm.sparsity(0)).isEqualTo(0.5);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      model.backward(0, 0, 0, 0, 0, 0, 0, 0);
      optimizer.step();
      assertThat(kept(optimizer)).contains(2L, 3L).hasSize(4);
      optimizer.step();
      assertThat(kept(optimizer)).containsExactly(2L, 3L);
      optimizer.verify();
    }
  }

  /** A layer of four inputs and one output, the weights 1, −3, 2 and 4. */
  private static Linear layer() {
    var layer = new Linear(4, 1, false);
    layer.weight().detach().copy_(row(1, -3, 2, 4));
    return layer;
  }

  private static Tensor row(double... values) {
    return OneWeight.tensor(1, values.length, values);
  }

  private static SparseOptimizer wrap(Linear layer, AlgorithmBuilder<SparsityAlgorithm> builder) {
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(1));
    return Sparsity.wrap(layer, sgd, builder.sparsity(0.5).initialMask(InitialMask.topK()).build());
  }

  /** One step at a learning rate of 1 by the gradient of the output, which is the input. */
  private static void step(SparseOptimizer optimizer, Linear layer, double... input) {
    optimizer.zeroGrad();
    layer.forward(row(input)).sum().backward();
    optimizer.step();
  }

  private static void assertWeights(Tensor weight, double... expected) {
    Tensor off = weight.detach().sub(row(expected)).abs().max();
    assertThat(off.item_double()).as("%s", weight.detach()).isLessThan(1e-6);
  }

  /** The layer multiplies with −3 and 4, and the first of the others grows by 5 all the same. */
  @Test
  void magnitudeSteTrainsAllAndMultipliesWithTheLargest() {
    Linear layer = layer();
    try (var optimizer = wrap(layer, builder("magnitude_ste", "{}"))) {
      assertThat(layer.forward(row(1, 1, 1, 1)).item_double()).isEqualTo(4 - 3);
      step(optimizer, layer, -5, 1, 1, 1);
      assertWeights(layer.weight(), 6, -4, 1, 3);
      assertThat(kept(optimizer)).containsExactly(0L, 1L);
      assertThat(layer.forward(row(1, 1, 1, 1)).item_double()).isEqualTo(6 - 4);
    }
  }

  /** One of every two: −3 and 4. To the others' gradients comes a tenth of their weights. */
  @Test
  void srSteLetsMissingWeightsDecay() {
    Linear layer = layer();
    var builder = builder("sr_ste", "{decay: 0.1}").shaper(ScoreShaper.nOfM(1, 2));
    try (var optimizer = wrap(layer, builder)) {
      assertThat(kept(optimizer)).containsExactly(1L, 3L);
      step(optimizer, layer, 1, 1, 1, -1);
      assertWeights(layer.weight(), 1 - 1.1, -4, 2 - 1.2, 5);
      step(optimizer, layer, 0, 0, 0, 0);
      assertWeights(layer.weight(), -0.1 + 0.01, -4, 0.8 - 0.08, 5);
      assertThat(layer.forward(row(1, 1, 1, 1)).item_double()).isEqualTo(5 - 4);
    }
  }

  /** What is not among the largest is zero at once, and comes back by the step that makes it so. */
  @Test
  void topKZeroesAllButTheLargestAfterEveryStep() {
    Linear layer = layer();
    try (var optimizer = wrap(layer, builder("top_k", "{}"))) {
      assertWeights(layer.weight(), 0, -3, 0, 4);
      step(optimizer, layer, -5, 1, 1, 1);
      assertWeights(layer.weight(), 5, -4, 0, 0);
      assertThat(kept(optimizer)).containsExactly(0L, 1L);
      step(optimizer, layer, 0, 0, -6, 0);
      assertWeights(layer.weight(), 5, 0, 6, 0);
    }
  }

  @Test
  void theSoftBoundOfMestIsADecimalNumber() {
    var algorithm = builder("mest", "{soft: true}").sparsity(0.9).dropFraction(0.2).build();
    assertThat(algorithm.sparsity(7)).isEqualTo(0.875);
    assertThat(builder("mest", "{soft: true}").sparsity(0.3).dropFraction(1).build().sparsity(7))
        .isZero();
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new ElasticMutation.Options(-1, false))
        .hasMessage("lambda must be at least 0, found -1.0");
    assertThatThrownBy(() -> new SparseRefined.Options(Double.NaN))
        .hasMessage("decay must be at least 0, found NaN");
  }
}
