package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.InitialMasks;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.ElasticMutation;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.MagnitudeStraightThrough;
import dev.filigree.sparsity.algorithm.Parametrization;
import dev.filigree.sparsity.algorithm.RateFactor;
import dev.filigree.sparsity.algorithm.Recipe;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparseMemoryEfficient;
import dev.filigree.sparsity.algorithm.SparseRefined;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.sparsity.algorithm.TopMagnitude;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
  private static List<Long> updates(SparsityAlgorithm algorithm, long steps) {
    return LongStream.rangeClosed(1, steps).filter(algorithm::isUpdate).boxed().toList();
  }

  @Test
  void riglDropsThreeTenthsFallingAlongACosineUntilThreeQuarters() {
    RigL rigl = RigL.recipe(32_000, 0.9).build();
    assertThat(updates(rigl, 32_000)).hasSize(240).startsWith(100L, 200L).endsWith(24_000L);
    assertThat(rigl.settings().dropFraction().at(0)).isEqualTo(0.3);
    assertThat(rigl.settings().dropFraction().at(12_000)).isCloseTo(0.15, within(1e-12));
    assertThat(rigl.settings().dropFraction().at(24_000)).isZero();
    assertThat(rigl.sparsity(0)).isEqualTo(0.9);
  }

  @Test
  void setDropsThreeTenthsToTheEnd() {
    SparseEvolution set = SparseEvolution.recipe(1000, 0.8).build();
    assertThat(updates(set, 1000)).startsWith(41L, 82L).endsWith(984L);
    assertThat(set.settings().dropFraction().at(984)).isEqualTo(0.3);
  }

  @Test
  void gradualPruningIsBetweenTheFirstAndTheLastQuarter() {
    GradualMagnitude gmp = GradualMagnitude.recipe(10_000, 0.9).build();
    assertThat(gmp.startsDense()).isTrue();
    assertThat(gmp.sparsity(2_500)).isZero();
    assertThat(gmp.sparsity(5_000)).isCloseTo(0.9 * (1 - 0.125), within(1e-9));
    assertThat(gmp.sparsity(7_500)).isEqualTo(0.9);
    assertThat(updates(gmp, 10_000)).startsWith(2_500L, 2_600L).endsWith(7_500L);
  }

  @Test
  void mestDropsAFifthFallingToZeroAtThreeQuarters() {
    ElasticMutation mest = ElasticMutation.recipe(10_000, 0.9).build();
    assertThat(mest.dropFraction(0)).isEqualTo(0.2);
    assertThat(mest.dropFraction(7_500)).isZero();
    assertThat(updates(mest, 10_000)).endsWith(7_500L);
  }

  @Test
  void smetIsWarmForWhatGrowsUnlessToldOtherwise() {
    SparseMemoryEfficient smet = SparseMemoryEfficient.recipe(10_000, 0.9).build();
    assertThat(smet.settings().parametrization().learningRate())
        .isEqualTo(new RateFactor.ByDensity(1));
    assertThat(smet.settings().parametrization().regrown())
        .isEqualTo(new Parametrization.Regrown(100));
    assertThat(smet.dropFraction(10_000)).isEqualTo(0.005);
    var own =
        Parametrization.standard()
            .learningRate(new RateFactor.ByDensity(0.5))
            .regrown(new Parametrization.Regrown(7));
    assertThat(
            SparseMemoryEfficient.recipe(100, 0.9)
                .parametrization(own)
                .build()
                .settings()
                .parametrization())
        .isEqualTo(own);
  }

  @Test
  void whatIsChosenAfterEveryStepBeginsWithTheLargest() {
    TopMagnitude topK = TopMagnitude.recipe(1000, 0.999).build();
    assertThat(updates(topK, 1000)).hasSize(1000);
    assertThat(topK.sparsity(249)).isCloseTo(0.999 / 2, within(1e-12));
    assertThat(topK.sparsity(500)).isEqualTo(0.999);
    assertThat(topK.settings().initialMask()).isSameAs(InitialMasks.named("topk"));
    var block = Recipe.of("sr_ste", 1000, 0.5).toConfig();
    assertThat(SparsityConfig.of(block).build().entries().getFirst().algorithm())
        .isInstanceOf(SparseRefined.class)
        .extracting(algorithm -> algorithm.settings().initialMask())
        .isSameAs(InitialMasks.named("topk"));
    assertThat(MagnitudeStraightThrough.recipe(1000, 0.5).build().sparsity(0)).isEqualTo(0.5);
  }

  @Test
  void granetBeginsHalfSparseAndRegrowsAHalf() {
    GraNet granet = GraNet.recipe(10_000, 0.9).build();
    assertThat(granet.sparsity(0)).isEqualTo(0.5);
    assertThat(granet.sparsity(10_000)).isEqualTo(0.9);
    assertThat(granet.settings().dropFraction().at(0)).isEqualTo(0.5);
    assertThat(GraNet.recipe(100, 0.4).build().sparsity(0)).isEqualTo(0.2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 7, 23, 24, 100, 12_345})
  void everyRecipeIsItsConfigurationForRunsOfAnyLength(long steps) {
    for (String name : Recipe.NAMES) {
      Recipe recipe = Recipe.of(name, steps, 0.8);
      var algorithm = SparsityConfig.of(recipe.toConfig()).build().entries().getFirst().algorithm();
      assertThat(algorithm).hasSameClassAs(recipe.applyTo(Algorithms.builder(name)).build());
      assertThat(algorithm.sparsity(steps)).as(name).isEqualTo(0.8);
      if (recipe.update() != null) {
        assertThat(algorithm.settings().update()).isEqualTo(recipe.update());
      }
    }
  }

  @Test
  void anAlgorithmThatIsNotToldWhenOrHowMuchIsRefusedInOneLine() {
    assertThatThrownBy(() -> RigL.builder().sparsity(0.8).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "RigL must be told when masks are updated (update) and what fraction an update drops"
                + " (dropFraction); recipes, such as RigL.recipe(steps, sparsity), know what their"
                + " papers chose");
    assertThatThrownBy(() -> SparseEvolution.builder().sparsity(0.8).update(every(5)).build())
        .hasMessageStartingWith("SparseEvolution must be told what fraction an update drops");
    assertThat(Static.builder().sparsity(0.8).build().isUpdate(1)).isFalse();
    assertThat(Static.recipe(0.8).build().sparsity(5)).isEqualTo(0.8);
  }

  @Test
  void aRecipeForNoRunIsRefused() {
    assertThatThrownBy(() -> RigL.recipe(0, 0.8)).hasMessageContaining("at least one step");
    assertThatThrownBy(() -> RigL.recipe(100, 80)).hasMessageContaining("(0, 1), found 80");
    assertThatThrownBy(() -> Recipe.of("taylor", 100, 0.8)).hasMessageContaining("static, gmp");
  }
}
