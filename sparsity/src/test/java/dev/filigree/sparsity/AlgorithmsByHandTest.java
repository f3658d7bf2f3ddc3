package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.ElasticMutation;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
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

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new ElasticMutation.Options(-1, false))
        .hasMessage("lambda must be at least 0, found -1.0");
  }
}
