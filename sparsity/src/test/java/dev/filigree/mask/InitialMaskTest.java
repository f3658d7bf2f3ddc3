package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.kept;
import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.ScoreShaper.Pool;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InitialMaskTest {
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void freeTensors() {
    scope.close();
  }

  @Test
  void randomKeepsExactlyWhatTheSparsityKeeps() {
    Tensor weight = torch.randn(100, 101);
    for (double sparsity : new double[] {0, 0.3, 0.8, 0.99, 1}) {
      Tensor mask = InitialMask.random().create(request(weight, sparsity));
      assertThat(Masks.count(mask)).isEqualTo(Counting.kept(10_100, sparsity));
    }
  }

  @Test
  void randomMasksOfABfloat16WeightAreThoseOfAFloat32Weight() {
    // Drawn in bfloat16 a score would be one of 256 and most of the mask its first weights.
    Tensor weight = torch.randn(200, 200);
    long[] mask = kept(InitialMask.random().create(request(weight, 0.9)));
    assertThat(kept(InitialMask.random().create(request(weight.to(ScalarType.BFloat16), 0.9))))
        .containsExactly(mask);
    long inFirstHalf = Arrays.stream(mask).filter(i -> i < 20_000).count();
    assertThat(inFirstHalf).isBetween(1850L, 2150L);
  }

  @Test
  void randomMasksDependOnSeedAndNameAlone() {
    Tensor weight = torch.randn(30, 30);
    Tensor mask = InitialMask.random().create(InitialMask.Request.of("a", weight, 0.5, 1));
    Tensor again = InitialMask.random().create(InitialMask.Request.of("a", weight.neg(), 0.5, 1));
    Tensor other = InitialMask.random().create(InitialMask.Request.of("b", weight, 0.5, 1));
    Tensor reseeded = InitialMask.random().create(InitialMask.Request.of("a", weight, 0.5, 2));
    assertThat(again.equal(mask)).isTrue();
    assertThat(other.equal(mask)).isFalse();
    assertThat(reseeded.equal(mask)).isFalse();
  }

  @Test
  void weightsThatExistComeBeforeThoseThatDoNot() {
    Tensor weight = torch.randn(40, 50);
    Tensor existing = InitialMask.random().create(InitialMask.Request.of("a", weight, 0.7, 5));
    for (InitialMask initial : List.of(InitialMask.random(), InitialMask.topK())) {
      for (double sparsity : new double[] {0, 0.4, 0.7, 0.9, 1}) {
        var request = InitialMask.Request.of("a", weight, sparsity, 6);
        Tensor mask =
            initial.create(
                new InitialMask.Request(
                    "a", weight, sparsity, request.grouping(), request.ties(), 6, existing));
        long wanted = Counting.kept(2000, sparsity);
        assertThat(Masks.count(mask)).isEqualTo(wanted);
        assertThat(Masks.count(mask.logical_and(existing))).isEqualTo(Math.min(600, wanted));
      }
    }
  }

  @Test
  void whatGrowsBesideExistingWeightsIsSpreadAtRandom() {
    Tensor weight = torch.zeros(100, 100);
    Tensor existing = torch.zeros(100, 100).to(ScalarType.Bool);
    var request = InitialMask.Request.of("a", weight, 0.5, 6);
    Tensor mask =
        InitialMask.topK()
            .create(
                new InitialMask.Request(
                    "a", weight, 0.5, request.grouping(), request.ties(), 6, existing));
    assertThat(Masks.count(mask.narrow(0, 0, 50))).isBetween(2300L, 2700L);
  }

  @Test
  void randomMasksAreBalancedOverGroups() {
    Tensor weight = torch.randn(8, 6, 3, 3);
    SelectionGroups grouping = ScoreShaper.inputGroups(3).group("conv", Tensors.shape(weight));
    Tensor mask =
        InitialMask.random()
            .create(
                new InitialMask.Request("conv", weight, 0.75, grouping, TieBreak.lowerIndex(), 9));
    var perGroup = new long[3];
    for (long index : kept(mask)) {
      perGroup[(int) (index / 9 % 6 / 2)]++;
    }
    assertThat(perGroup).containsExactly(36, 36, 36);
  }

  @Test
  void topKKeepsTheLargestMagnitudes() {
    Tensor weight = scores(new long[] {5}, -9, 1, 8, -2, 0);
    assertThat(kept(InitialMask.topK().create(request(weight, 0.6)))).containsExactly(0, 2);
  }

  @Test
  void fromZerosKeepsWhatIsNotZeroWhateverTheSparsity() {
    Tensor weight = scores(new long[] {6}, 0, -0f, Float.MIN_VALUE, -3, 0, Float.NaN);
    assertThat(kept(InitialMask.fromZeros().create(request(weight, 0.9)))).containsExactly(2, 3, 5);
  }

  @Test
  void aCheckerboardSpreadsItsWeightsEvenlyOverRowsAndColumns() {
    Tensor weight = torch.randn(40, 50);
    Tensor mask = InitialMask.checkerboard().create(request(weight, 0.8));
    var rows = new int[40];
    var columns = new int[50];
    for (long index : kept(mask)) {
      rows[(int) index / 50]++;
      columns[(int) index % 50]++;
    }
    assertThat(rows).containsOnly(10);
    for (int count : columns) {
      assertThat(count).isBetween(7, 9);
    }
  }

  @Test
  void aCheckerboardOfSparsityZeroIsFullAndOfOneEmpty() {
    Tensor weight = torch.randn(4, 3, 2, 2).to(ScalarType.BFloat16);
    assertThat(kept(InitialMask.checkerboard().create(request(weight, 0)))).hasSize(48);
    assertThat(kept(InitialMask.checkerboard().create(request(weight, 1)))).isEmpty();
    assertThat(Tensors.shape(InitialMask.checkerboard().create(request(weight, 0.5))))
        .containsExactly(4, 3, 2, 2);
  }

  @Test
  void aCheckerboardOfBlocksIsAnError() {
    Tensor weight = torch.randn(4, 4);
    SelectionGroups blocks = ScoreShaper.blocks(2, 2, Pool.MEAN).group("fc", 4, 4);
    var request = new InitialMask.Request("fc", weight, 0.5, blocks, TieBreak.lowerIndex(), 0);
    assertThatThrownBy(() -> InitialMask.checkerboard().create(request))
        .hasMessage("fc: a checkerboard does not keep or drop whole blocks, rows or columns");
  }

  @Test
  void masksOfOnesOwnGetANameOnce() {
    InitialMask diagonal = request -> torch.eye(3).to(ScalarType.Bool);
    InitialMasks.register("diagonal", diagonal);
    assertThat(InitialMasks.named("diagonal")).isSameAs(diagonal);
    assertThatThrownBy(() -> InitialMasks.register("random", diagonal))
        .hasMessage("the initial mask 'random' is already registered");
    assertThatThrownBy(() -> InitialMasks.named("rigl"))
        .hasMessageStartingWith("unknown initial mask 'rigl'; allowed: checkerboard, ")
        .hasMessageContaining("from_zeros, grasp, random, snip, synflow, topk");
  }

  private static InitialMask.Request request(Tensor weight, double sparsity) {
    return InitialMask.Request.of("weight", weight, sparsity, 17);
  }
}
