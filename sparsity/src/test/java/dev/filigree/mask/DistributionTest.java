package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.Distribution.Parameter;
import dev.filigree.mask.Distribution.Share;
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
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void freeTensors() {
    scope.close();
  }

  @Test
  void uniformGivesEveryParameterTheSparsityOfTheWhole() {
    assertThat(Distribution.uniform().shares(parameters(), 0.8))
        .containsExactly(new Share("a", 0.8, 6), new Share("b", 0.8, 120));
  }

  @Test
  void globalKeepsExactlyTheLargestOfAll() {
    List<Parameter> parameters =
        List.of(
            Parameter.of("a", scores(new long[] {2, 2}, 1, -5, 3, 0)),
            Parameter.of("b", scores(new long[] {3}, -4, 2, 9)),
            Parameter.of("c", scores(new long[] {3}, 0, 0, 0)));
    assertThat(Distribution.global().shares(parameters, 0.6))
        .containsExactly(new Share("a", 0.5, 2), new Share("b", 1.0 / 3, 2), new Share("c", 1, 0));
    assertThat(Distribution.global().shares(List.of(), 0.6)).isEmpty();
  }

  @Test
  void globalGivesTiesToTheEarlierParameter() {
    List<Parameter> parameters =
        List.of(Parameter.of("a", torch.ones(4)), Parameter.of("b", torch.ones(6)));
    List<Share> shares = Distribution.global().shares(parameters, 0.5);
    assertThat(shares).extracting(Share::kept).containsExactly(4L, 1L);
    // 5.0 / 6 is rounded up, and would keep none of 6.
    assertThat(shares).allSatisfy(share -> assertThat(share.sparsity()).isLessThan(5.0 / 6));
    assertThat(Counting.kept(6, shares.getLast().sparsity())).isOne();
  }

  @Test
  void globalSharesAreTheMasksOfOneSelection() {
    Tensor a = torch.randn(20, 30);
    Tensor b = torch.randn(50, 7).mul(new Scalar(2f));
    List<Share> shares =
        Distribution.global().shares(List.of(Parameter.of("a", a), Parameter.of("b", b)), 0.9);
    assertThat(shares.get(0).kept() + shares.get(1).kept()).isEqualTo(95);
    Tensor joined = Masks.topK(torch.cat(new TensorVector(a.view(-1), b.view(-1)), 0).abs(), 0.9);
    Tensor mask = Masks.topCount(a.abs(), shares.get(0).kept(), TieBreak.lowerIndex());
    assertThat(joined.narrow(0, 0, 600).equal(mask.view(-1))).isTrue();
  }

  @Test
  void erdosRenyiKeepsTheSparsityOfTheWholeAndSmallLayersDenser() {
    for (var distribution : List.of(Distribution.er(), Distribution.erk())) {
      List<Share> shares = distribution.shares(parameters(), 0.9);
      double zeros = shares.get(0).sparsity() * 30 + shares.get(1).sparsity() * 600;
      assertThat(zeros / 630).isCloseTo(0.9, within(1e-9));
      assertThat(shares.get(0).sparsity()).isLessThan(shares.get(1).sparsity());
    }
  }

  @Test
  void erdosRenyiOfSparsityZeroIsDenseAndOfOneEmpty() {
    assertThat(Distribution.erk().shares(parameters(), 0))
        .containsExactly(new Share("a", 0, 30), new Share("b", 0, 600));
    assertThat(Distribution.erk().shares(parameters(), 1))
        .containsExactly(new Share("a", 1, 0), new Share("b", 1, 0));
    assertThat(Distribution.er().shares(List.of(), 0.5)).isEmpty();
  }

  @Test
  void erCountsInputsAndOutputsOfAConvolutionAndErkItsKernelToo() {
    List<Parameter> parameters =
        List.of(
            Parameter.of("conv", torch.empty(16, 8, 3, 3)),
            Parameter.of("fc", torch.empty(40, 160)));
    List<Share> er = Distribution.er().shares(parameters, 0.8);
    List<Share> erk = Distribution.erk().shares(parameters, 0.8);
    assertThat((1 - er.get(0).sparsity()) / (1 - er.get(1).sparsity()))
        .isCloseTo(24.0 / 128 / (200.0 / 6400), within(1e-9));
    assertThat((1 - erk.get(0).sparsity()) / (1 - erk.get(1).sparsity()))
        .isCloseTo(30.0 / 1152 / (200.0 / 6400), within(1e-9));
  }

  @Test
  void byNameTheFirstMatchCountsAndTheRestTakesTheSparsityOfTheWhole() {
    Map<String, Double> sparsities = new LinkedHashMap<>();
    sparsities.put("a*", 0.5);
    sparsities.put("*", 0.9);
    assertThat(Distribution.byName(sparsities).shares(parameters(), 0.1))
        .containsExactly(new Share("a", 0.5, 15), new Share("b", 0.9, 60));
    assertThat(Distribution.byName(Map.of("?", 0.5)).shares(parameters(), 0.1))
        .extracting(Share::kept)
        .containsExactly(15L, 300L);
    assertThat(Distribution.byName(Map.of("b", 0.5)).shares(parameters(), 0.1))
        .extracting(Share::sparsity)
        .containsExactly(0.1, 0.5);
  }

  @Test
  void byNameReportsPatternsWithoutAMatchAndBadSparsities() {
    assertThatThrownBy(() -> Distribution.byName(Map.of("x.*", 0.5)).shares(parameters(), 0.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'x.*' matches no parameter; there are a, b");
    assertThatThrownBy(() -> Distribution.byName(Map.of("a", 80.0)))
        .hasMessage("'a': a sparsity lies in [0, 1], found 80.0");
  }

  private static List<Parameter> parameters() {
    return List.of(Parameter.of("a", torch.ones(5, 6)), Parameter.of("b", torch.ones(20, 30)));
  }
}
