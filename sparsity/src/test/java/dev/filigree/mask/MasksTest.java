package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.kept;
import static dev.filigree.mask.MaskTesting.mask;
import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.ScoreShaper.Pool;
import dev.filigree.torch.Tensors;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MasksTest {
  private static final TieBreak TIES = TieBreak.lowerIndex();
  private static final float NAN = Float.NaN;
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void freeTensors() {
    scope.close();
  }

  @Test
  void theLowerIndexWinsTies() {
    assertThat(kept(Masks.topK(scores(shape(6), 1, 2, 1, 1, 2, 1), 0.5))).containsExactly(0, 1, 4);
    assertThat(kept(Masks.topK(scores(shape(2), -0f, 0f), 0.5))).containsExactly(0);
  }

  @Test
  void nanWinsOnlyWhereNothingElseIsLeft() {
    Tensor scores = scores(shape(5), NAN, Float.NEGATIVE_INFINITY, NAN, -1, NAN);
    assertThat(kept(Masks.topCount(scores, 2, TIES))).containsExactly(1, 3);
    assertThat(kept(Masks.topCount(scores, 3, TIES))).containsExactly(0, 1, 3);
  }

  @Test
  void nanInAPrunedGradientIsNotGrownFirst() {
    Tensor gradient = scores(shape(1, 6), 9, NAN, 0, 2, NAN, 1);
    Tensor grown = Masks.growMaximum(gradient, mask(shape(1, 6), 0), 0.5, flat(1, 6), TIES);
    assertThat(kept(grown)).containsExactly(0, 3, 5);
  }

  @Test
  void aDropAmongZeroWeightsStaysAmongTheExistingOnes() {
    Tensor weights = torch.zeros(2, 5);
    Tensor before = mask(shape(2, 5), 3, 5, 7, 9);
    Tensor dropped = Masks.dropMinimum(weights, before, 0.5, 0, flat(2, 5), TIES);
    assertThat(kept(dropped)).containsExactly(3, 5);
  }

  @Test
  void aDropOfNegativeAndNanScoresStaysAmongTheExistingOnes() {
    Tensor scores = scores(shape(6), NAN, 5, Float.NEGATIVE_INFINITY, 5, -3, 5);
    Tensor before = mask(shape(6), 0, 2, 4);
    assertThat(kept(Masks.dropMinimum(scores, before, 0.3, 0, flat(6), TIES)))
        .containsExactly(2, 4);
    assertThat(kept(Masks.dropMinimum(scores, before, 0, 0, flat(6), TIES)))
        .containsExactly(0, 2, 4);
  }

  @Test
  void aDropGoesOnToTheSparsityAskedFor() {
    Tensor dense = torch.ones(new long[] {10}).to(ScalarType.Bool);
    Tensor scores = scores(shape(10), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(kept(Masks.dropMinimum(scores, dense, 0.3, 0.8, flat(10), TIES)))
        .containsExactly(8, 9);
  }

  @Test
  void growthTakesMissingWeightsOnlyAndNoneWhenAlreadyDenser() {
    Tensor scores = scores(shape(6), 9, 8, 1, 2, 7, 0);
    Tensor before = mask(shape(6), 0, 1, 4);
    assertThat(kept(Masks.growMaximum(scores, before, 1.0 / 3, flat(6), TIES)))
        .containsExactly(0, 1, 3, 4);
    assertThat(kept(Masks.growMaximum(scores, before, 0.9, flat(6), TIES)))
        .containsExactly(0, 1, 4);
  }

  @Test
  void unequalGroupsDropTheirOwnShareAndNeverGainByIt() {
    // 6 weights in the first row, 1 in the second: half of each goes.
    Tensor before = mask(shape(2, 6), 0, 1, 2, 3, 4, 5, 8);
    Tensor scores = scores(shape(2, 6), 1, 2, 3, 4, 5, 6, 9, 9, 0, 9, 9, 9);
    SelectionGroups rows = ScoreShaper.outputGroups(2).group("weight", 2, 6);
    assertThat(kept(Masks.dropMinimum(scores, before, 0.5, 0, rows, TIES)))
        .containsExactly(3, 4, 5);
  }

  @Test
  void sparsityZeroKeepsAllAndOneKeepsNone() {
    Tensor scores = scores(shape(3), NAN, Float.NEGATIVE_INFINITY, 1);
    assertThat(kept(Masks.topK(scores, 0))).containsExactly(0, 1, 2);
    assertThat(kept(Masks.topK(scores, 1))).isEmpty();
    assertThat(kept(Masks.topK(torch.empty(0), 0.5))).isEmpty();
  }

  @Test
  void halfPrecisionSelectsAsItsFloat32Values() {
    var random = new Random(5);
    var values = new float[999];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    for (ScalarType type : new ScalarType[] {ScalarType.BFloat16, ScalarType.Half}) {
      Tensor half = scores(shape(9, 111), values).to(type);
      assertThat(kept(Masks.topK(half, 0.7)))
          .hasSize(299)
          .containsExactly(kept(Masks.topK(half.to(ScalarType.Float), 0.7)));
    }
  }

  @Test
  void aTransposedTensorIsReadAsItStands() {
    Tensor scores = scores(shape(2, 3), 1, 4, 2, 5, 3, 6).t(); // [3, 2]: 1 5, 4 3, 2 6
    assertThat(kept(Masks.topK(scores, 0.5))).containsExactly(1, 2, 5);
  }

  @Test
  void aLeafThatRequiresGradientsIsNeitherChangedNorRecorded() {
    Tensor weight = scores(shape(4), 4, 3, 2, 1).set_requires_grad(true);
    Tensor mask = Masks.topK(weight, 0.5);
    assertThat(mask.requires_grad()).isFalse();
    assertThat(weight.equal(scores(shape(4), 4, 3, 2, 1))).isTrue();
  }

  @Test
  void masksOutliveTheWorkInsideAndEndWithTheScopeAround() {
    Tensor scores = scores(shape(4), 4, 3, 2, 1);
    Tensor mask;
    try (var _ = new PointerScope()) {
      mask = Masks.topK(scores, 0.5);
      assertThat(kept(mask)).containsExactly(0, 1);
    }
    assertThat(mask.isNull()).isTrue();
  }

  @Test
  void blocksRowsAndColumnsStandAndFallTogether() {
    Tensor scores = scores(shape(2, 4), 0, 0, 1, 1, 0, 8, 1, 1);
    assertThat(kept(pooled(scores, ScoreShaper.blocks(2, 2, Pool.MEAN))))
        .containsExactly(0, 1, 4, 5);
    assertThat(kept(pooled(scores, ScoreShaper.blocks(1, 2, Pool.MAX))))
        .containsExactly(2, 3, 4, 5);
    assertThat(kept(pooled(scores, ScoreShaper.rows(Pool.MEAN)))).containsExactly(4, 5, 6, 7);
    assertThat(kept(pooled(scores, ScoreShaper.columns(Pool.MAX)))).containsExactly(1, 2, 5, 6);
  }

  @Test
  void aBlockWithNanIsTheLast() {
    Tensor scores = scores(shape(2, 4), NAN, 9, -1, -1, 9, 9, -1, -1);
    for (Pool pool : Pool.values()) {
      assertThat(kept(pooled(scores, ScoreShaper.blocks(2, 2, pool)))).containsExactly(2, 3, 6, 7);
    }
  }

  @Test
  void droppedAndGrownBlocksAreWhole() {
    Tensor scores = scores(shape(2, 4), 1, 1, 2, 2, 1, 1, 2, 2);
    SelectionGroups blocks = ScoreShaper.blocks(2, 2, Pool.MEAN).group("weight", 2, 4);
    Tensor all = torch.ones(shape(2, 4)).to(ScalarType.Bool);
    Tensor dropped = Masks.dropMinimum(scores, all, 0.5, 0, blocks, TIES);
    assertThat(kept(dropped)).containsExactly(2, 3, 6, 7);
    assertThat(kept(Masks.growMaximum(scores, dropped, 0, blocks, TIES))).hasSize(8);
  }

  @Test
  void nOfMKeepsAtMostNOfMAndReachesItBySmallerSparsities() {
    Tensor scores = scores(shape(1, 8), 1, 2, 3, 4, 8, 7, 6, 5);
    SelectionGroups grouping = ScoreShaper.nOfM(2, 4).group("weight", 1, 8);
    assertThat(kept(Masks.topK(scores, 0.5, grouping, TIES))).containsExactly(2, 3, 4, 5);
    assertThat(kept(Masks.topK(scores, 0.9, grouping, TIES))).containsExactly(2, 3, 4, 5);
    assertThat(kept(Masks.topK(scores, 0.25, grouping, TIES))).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(kept(Masks.topK(scores, 0, grouping, TIES))).hasSize(8);
  }

  @Test
  void wrongTensorsAreNamed() {
    Tensor integers = torch.ones(shape(4)).to(ScalarType.Long);
    assertThatThrownBy(() -> Masks.topK(integers, 0.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("scores are floating point numbers, found Long");
    Tensor scores = torch.ones(shape(4));
    assertThatThrownBy(() -> Masks.growMaximum(scores, scores, 0.5, flat(4), TIES))
        .hasMessage("a mask is a bool tensor, found Float");
    assertThatThrownBy(() -> Masks.growMaximum(scores, mask(shape(2, 2)), 0.5, flat(4), TIES))
        .hasMessage("the shape of the mask is [2, 2], the groups are made for [4]");
    assertThatThrownBy(() -> Masks.topK(scores, 0.5, flat(5), TIES))
        .hasMessage("the shape of the scores is [4], the groups are made for [5]");
    assertThatThrownBy(() -> Masks.topCount(scores, 5, TIES))
        .hasMessage("5 weights of a tensor [4] that holds 4");
    assertThatThrownBy(() -> Masks.dropMinimum(scores, mask(shape(4)), 1.1, 0, flat(4), TIES))
        .hasMessage("a drop fraction lies in [0, 1], found 1.1");
  }

  @Test
  void countCountsExistingWeights() {
    assertThat(Masks.count(mask(shape(3, 2), 0, 5))).isEqualTo(2);
    assertThat(Tensors.shape(Masks.topK(torch.ones(shape(3, 2, 2)), 0.5))).containsExactly(3, 2, 2);
  }

  private static Tensor pooled(Tensor scores, ScoreShaper shaper) {
    return Masks.topK(scores, 0.5, shaper.group("weight", Tensors.shape(scores)), TIES);
  }

  private static SelectionGroups flat(long... shape) {
    return ScoreShaper.flat().group("weight", shape);
  }

  private static long[] shape(long... shape) {
    return shape;
  }
}
