package dev.filigree.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.ScoreShaper.Pool;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScoreShaperTest {
  static List<SelectionGroups> single() {
    return List.of(
        ScoreShaper.flat().group("w", 6, 8),
        ScoreShaper.outputGroups(3).group("w", 6, 8),
        ScoreShaper.inputGroups(4).group("w", 6, 8),
        ScoreShaper.nOfM(2, 4).group("w", 6, 8),
        ScoreShaper.outputGroups(2).group("conv", 4, 6, 1, 2),
        ScoreShaper.inputGroups(3).group("conv", 4, 6, 1, 2));
  }

  static List<SelectionGroups> pooled() {
    return List.of(
        ScoreShaper.blocks(2, 4, Pool.MEAN).group("w", 6, 8),
        ScoreShaper.rows(Pool.MAX).group("w", 6, 8),
        ScoreShaper.columns(Pool.MEAN).group("w", 6, 8),
        ScoreShaper.columns(Pool.MAX).group("conv", 4, 6, 1, 2));
  }

  @ParameterizedTest
  @MethodSource("single")
  void positionsAndIndicesSayWhereArrangingPutsAWeight(SelectionGroups grouping) {
    try (var _ = new PointerScope()) {
      Tensor weights = torch.arange(new Scalar(48f)).reshape(grouping.shape());
      float[] arranged =
          Tensors.segment(grouping.arrange(weights).contiguous()).toArray(ValueLayout.JAVA_FLOAT);
      for (int position = 0; position < arranged.length; position++) {
        assertThat(grouping.index(position)).isEqualTo((long) arranged[position]);
        assertThat(grouping.position(grouping.index(position))).isEqualTo(position);
      }
      assertThat(grouping.restore(grouping.arrange(weights)).equal(weights)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("single")
  void indicesRiseAlongAGroup(SelectionGroups grouping) {
    for (long group = 0; group < grouping.groups(); group++) {
      long first = group * grouping.size();
      assertThat(LongStream.range(first, first + grouping.size()).map(grouping::index).toArray())
          .isSorted()
          .doesNotHaveDuplicates();
    }
  }

  @ParameterizedTest
  @MethodSource("pooled")
  void restoringAPoolSetsTheWeightsWhosePositionItIs(SelectionGroups grouping) {
    try (var _ = new PointerScope()) {
      for (long pool = 0; pool < grouping.size(); pool++) {
        long position = pool;
        Tensor mask = grouping.restore(MaskTesting.mask(new long[] {1, grouping.size()}, position));
        assertThat(MaskTesting.kept(mask))
            .containsExactly(
                LongStream.range(0, 48).filter(i -> grouping.position(i) == position).toArray());
      }
    }
  }

  @Test
  void aConvolutionsInputGroupsAreItsChannels() {
    SelectionGroups grouping = ScoreShaper.inputGroups(3).group("conv", 4, 6, 3, 3);
    assertThat(grouping.groups()).isEqualTo(3);
    assertThat(grouping.size()).isEqualTo(4 * 2 * 9);
    assertThat(grouping.position(17) / grouping.size()).isZero(); // channel 1
    assertThat(grouping.position(18) / grouping.size()).isOne(); // channel 2
  }

  @Test
  void groupsThatDoNotDivideNameTheParameterItsShapeAndTheirNumber() {
    ScoreShaper shaper = ScoreShaper.outputGroups(4);
    shaper.group("layers.0.weight", 8, 3);
    // Every parameter is checked, not the first alone.
    assertThatThrownBy(() -> shaper.group("layers.1.weight", 6, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("layers.1.weight [6, 3]: 4 output groups do not divide 6 outputs");
    assertThatThrownBy(() -> ScoreShaper.inputGroups(2).group("fc", 6, 3))
        .hasMessage("fc [6, 3]: 2 input groups do not divide 3 inputs");
    assertThatThrownBy(() -> ScoreShaper.nOfM(2, 4).group("fc", 6, 10))
        .hasMessage("fc [6, 10]: 2:4 sparsity: groups of 4 do not divide 10 weights of a row");
    assertThatThrownBy(() -> ScoreShaper.blocks(4, 5, Pool.MEAN).group("fc", 6, 10))
        .hasMessage("fc [6, 10]: blocks of 4 x 5 do not divide 6 outputs");
    assertThatThrownBy(() -> ScoreShaper.blocks(2, 4, Pool.MEAN).group("fc", 6, 10))
        .hasMessage("fc [6, 10]: blocks of 2 x 4 do not divide 10 weights of a row");
    assertThatThrownBy(() -> ScoreShaper.inputGroups(2).group("norm.weight", 6))
        .hasMessage(
            "norm.weight [6]: these groups need a parameter of 2 or more dimensions with weights"
                + " in it");
  }

  @Test
  void impossibleGroupsAreNamed() {
    assertThatThrownBy(() -> ScoreShaper.outputGroups(0))
        .hasMessage("the number of output groups is at least 1, found 0");
    assertThatThrownBy(() -> ScoreShaper.nOfM(5, 4))
        .hasMessage("N:M sparsity needs 1 <= N <= M, found 5:4");
  }
}
