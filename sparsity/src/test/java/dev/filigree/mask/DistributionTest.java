package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.Distribution.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DistributionTest {
  private static final List<Parameter> SHAPES =
      List.of(Parameter.of("a", 5, 6), Parameter.of("b", 20, 30));

  private final PointerScope scope = new PointerScope();

  @AfterEach
  void freeTensors() {
    scope.close();
  }

  @Test
  void uniformGivesEveryParameterTheSparsityOfTheWhole() {
    assertThat(Distribution.uniform().spread(0.8, SHAPES)).containsExactly(0.8, 0.8);
  }

  @Test
  void globalKeepsExactlyTheLargestOfAll() {
    List<Parameter> parameters =
        List.of(
            Parameter.of("a", scores(new long[] {2, 2}, 1, -5, 3, 0)),
            Parameter.of("b", scores(new long[] {3}, -4, 2, 9)),
            Parameter.of("c", scores(new long[] {3}, 0, 0, 0)));
    assertThat(kept(Distribution.global(), 0.6, parameters)).containsExactly(2, 2, 0);
    assertThat(Distribution.global().spread(0.6, List.of())).isEmpty();
  }

  @Test
  void globalGivesTiesToTheEarlierParameter() {
    List<Parameter> parameters =
        List.of(Parameter.of("a", torch.ones(4)), Parameter.of("b", torch.ones(6)));
    assertThat(kept(Distribution.global(), 0.5, parameters)).containsExactly(4, 1);
  }

  @Test
  void masksOfGlobalSparsitiesAreThoseOfOneSelection() {
    Tensor a = torch.randn(20, 30);
    Tensor b = torch.randn(50, 7).mul(new Scalar(2f));
    List<Parameter> parameters = List.of(Parameter.of("a", a), Parameter.of("b", b));
    double[] spread = Distribution.global().spread(0.9, parameters);
    Tensor joined = Masks.topK(torch.cat(new TensorVector(a.view(-1), b.view(-1)), 0).abs(), 0.9);
    assertThat(Masks.topK(a.abs(), spread[0]).view(-1).equal(joined.narrow(0, 0, 600))).isTrue();
    assertThat(Masks.topK(b.abs(), spread[1]).view(-1).equal(joined.narrow(0, 600, 350))).isTrue();
  }

  @Test
  void globalNeedsWeights() {
    assertThat(Distribution.global().needsScores()).isTrue();
    assertThat(Distribution.erk().needsScores()).isFalse();
    assertThatThrownBy(() -> Distribution.global().spread(0.5, SHAPES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a has a shape but no weights to score yet");
  }

  @Test
  void erdosRenyiKeepsTheSparsityOfTheWholeAndSmallLayersDenser() {
    for (var distribution : List.of(Distribution.er(), Distribution.erk())) {
      double[] spread = distribution.spread(0.9, SHAPES);
      assertThat((spread[0] * 30 + spread[1] * 600) / 630).isCloseTo(0.9, within(1e-9));
      assertThat(spread[0]).isLessThan(spread[1]);
    }
  }

  @Test
  void erdosRenyiOfSparsityZeroIsDenseAndOfOneEmpty() {
    assertThat(Distribution.erk().spread(0, SHAPES)).containsExactly(0, 0);
    assertThat(Distribution.erk().spread(1, SHAPES)).containsExactly(1, 1);
    assertThat(Distribution.er().spread(0.5, List.of())).isEmpty();
  }

  @Test
  void erCountsInputsAndOutputsOfAConvolutionAndErkItsKernelToo() {
    List<Parameter> parameters =
        List.of(Parameter.of("conv", 16, 8, 3, 3), Parameter.of("fc", 40, 160));
    double[] er = Distribution.er().spread(0.8, parameters);
    double[] erk = Distribution.erk().spread(0.8, parameters);
    assertThat((1 - er[0]) / (1 - er[1])).isCloseTo(24.0 / 128 / (200.0 / 6400), within(1e-9));
    assertThat((1 - erk[0]) / (1 - erk[1])).isCloseTo(30.0 / 1152 / (200.0 / 6400), within(1e-9));
  }

  @Test
  void byNameTheFirstMatchCountsAndTheRestTakesTheSparsityOfTheWhole() {
    LinkedHashMap<String, Double> sparsities = new LinkedHashMap<>();
    sparsities.put("a*", 0.5);
    sparsities.put("*", 0.9);
    assertThat(Distribution.byName(sparsities).spread(0.1, SHAPES)).containsExactly(0.5, 0.9);
    assertThat(Distribution.byName(new LinkedHashMap<>(Map.of("b", 0.5))).spread(0.1, SHAPES))
        .containsExactly(0.1, 0.5);
  }

  @Test
  void byNameReportsPatternsWithoutAMatchAndBadSparsities() {
    assertThatThrownBy(
            () -> Distribution.byName(new LinkedHashMap<>(Map.of("x.*", 0.5))).spread(0.5, SHAPES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'x.*' matches no parameter; there are a, b");
    assertThatThrownBy(() -> Distribution.byName(new LinkedHashMap<>(Map.of("a", 80.0))))
        .hasMessage("'a': a sparsity lies in [0, 1], found 80.0");
  }

  @Test
  void distributionsHaveNames() {
    assertThat(Distributions.named("erk").spread(0.9, SHAPES))
        .containsExactly(Distribution.erk().spread(0.9, SHAPES));
    Distribution own = (sparsity, parameters) -> new double[parameters.size()];
    Distributions.register("dense", own);
    assertThat(Distributions.named("dense")).isSameAs(own);
    assertThatThrownBy(() -> Distributions.register("erk", own))
        .hasMessage("the distribution 'erk' is already registered");
    assertThatThrownBy(() -> Distributions.named("er-k"))
        .hasMessageStartingWith("unknown distribution 'er-k'; allowed: ");
  }

  private static long[] kept(
      Distribution distribution, double sparsity, List<Parameter> parameters) {
    double[] spread = distribution.spread(sparsity, parameters);
    var kept = new long[spread.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = Counting.kept(Shapes.size(parameters.get(i).shape()), spread[i]);
    }
    return kept;
  }
}
