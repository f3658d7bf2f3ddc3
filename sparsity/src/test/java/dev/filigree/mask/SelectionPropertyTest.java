package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.kept;
import static dev.filigree.mask.MaskTesting.mask;
import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.torch.Cuda;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Every way of selecting gives what sorting gives. */
@Tag("devices")
class SelectionPropertyTest {
  private static final Device GPU = new Device("cuda:0").retainReference();
  private static final float[] SPECIAL = {
    0f,
    -0f,
    Float.NaN,
    Float.intBitsToFloat(0xFFC00001), // a negative NaN
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
  };

  @Property(tries = 100)
  void topKEqualsSorting(
      @ForAll long seed, @ForAll @IntRange(max = 3000) int size, @ForAll boolean randomTies) {
    checkTopK(new Random(seed), size, ties(seed, randomTies));
  }

  @Example
  void tiesAreBrokenByIndicesThatNeedMoreThan16Bits() {
    checkTopK(new Random(-2), 99_999, ties(-2, false));
  }

  @Property(tries = 6)
  void topKOfManyEqualsSorting(
      @ForAll long seed,
      @ForAll @IntRange(min = 60_000, max = 100_000) int size,
      @ForAll boolean randomTies) {
    checkTopK(new Random(seed), size, ties(seed, randomTies));
  }

  private static void checkTopK(Random random, int size, TieBreak ties) {
    float[] values = values(random, size);
    long take = size == 0 ? 0 : random.nextInt(size + 1);
    List<Long> expected = best(values, LongStream.range(0, size).boxed().toList(), take, ties);
    assertSelected(values, null, Quota.topK(take), flat(size), ties, expected);
  }

  @Property(tries = 60)
  void dropAndGrowEqualSortingInEveryGroup(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int groups,
      @ForAll @IntRange(min = 1, max = 60) int outputs,
      @ForAll @IntRange(min = 1, max = 20) int inputs,
      @ForAll @DoubleRange(max = 1) double dropFraction,
      @ForAll @DoubleRange(max = 1) double sparsity,
      @ForAll boolean columns,
      @ForAll boolean randomTies) {
    var random = new Random(seed);
    TieBreak ties = ties(seed, randomTies);
    long[] shape =
        columns
            ? new long[] {outputs, (long) inputs * groups}
            : new long[] {(long) outputs * groups, inputs};
    ScoreShaper shaper =
        columns ? ScoreShaper.inputGroups(groups) : ScoreShaper.outputGroups(groups);
    SelectionGroups grouping = shaper.group("weight", shape);
    int size = groups * outputs * inputs;
    float[] values = values(random, size);
    boolean[] exists = new boolean[size];
    for (int i = 0; i < size; i++) {
      exists[i] = random.nextInt(3) == 0;
    }
    var dropped = new ArrayList<Long>();
    var grown = new ArrayList<Long>();
    for (int group = 0; group < groups; group++) {
      var present = new ArrayList<Long>();
      var missing = new ArrayList<Long>();
      for (long i = 0; i < size; i++) {
        long row = i / shape[1];
        long column = i % shape[1];
        if ((columns ? column / inputs : row / outputs) == group) {
          (exists[(int) i] ? present : missing).add(i);
        }
      }
      long target = Counting.kept((long) outputs * inputs, sparsity);
      long left = Math.min(target, Counting.afterDrop(present.size(), dropFraction));
      dropped.addAll(best(values, present, left, ties));
      grown.addAll(present);
      grown.addAll(best(values, missing, Math.max(0, target - present.size()), ties));
    }
    long[] before = LongStream.range(0, size).filter(i -> exists[(int) i]).toArray();
    long kept = grouping.kept(sparsity);
    assertSelected(values, before, Quota.drop(dropFraction, kept), grouping, ties, dropped);
    assertSelected(values, before, Quota.grow(kept), grouping, ties, grown);
    assertCandidatesDecideTheGrowth(
        values, before, values(random, size), dropFraction, sparsity, grouping, ties);
  }

  /** Whatever is dropped, the candidates grow as all scores would. */
  private static void assertCandidatesDecideTheGrowth(
      float[] values,
      long[] before,
      float[] dropValues,
      double dropFraction,
      double sparsity,
      SelectionGroups grouping,
      TieBreak ties) {
    try (var _ = new PointerScope()) {
      long[] shape = grouping.shape();
      Tensor scores = scores(shape, values);
      Tensor mask = mask(shape, before);
      Tensor dropScores = scores(shape, dropValues);
      Tensor left = Masks.dropMinimum(dropScores, mask, dropFraction, sparsity, grouping, ties);
      try (var candidates = Candidates.of(scores, mask, dropFraction, sparsity, grouping, ties)) {
        assertThat(kept(candidates.grow(left, sparsity, grouping, ties)))
            .isEqualTo(kept(Masks.growMaximum(scores, left, sparsity, grouping, ties)));
      }
    }
  }

  private static void assertSelected(
      float[] values,
      long @Nullable [] before,
      Quota quota,
      SelectionGroups grouping,
      TieBreak ties,
      List<Long> expected) {
    long[] winners = expected.stream().mapToLong(Long::longValue).sorted().toArray();
    try (var _ = new PointerScope()) {
      long[] shape = grouping.shape();
      Tensor scores = scores(shape, values);
      Tensor mask = before == null ? null : mask(shape, before);
      for (int threads = 1; threads <= 4; threads++) {
        Tensor host = Masks.select(scores, mask, quota, grouping, ties, new HostSelector(threads));
        assertThat(kept(host)).as("%d threads", threads).isEqualTo(winners);
      }
      Tensor device = Masks.select(scores, mask, quota, grouping, ties, new DeviceSelector());
      assertThat(kept(device)).as("by tensor operations").isEqualTo(winners);
      if (Cuda.obstacle().isEmpty()) {
        Tensor onGpu = scores.to(GPU, ScalarType.Float);
        Tensor maskOnGpu = mask == null ? null : mask.to(GPU, ScalarType.Bool);
        Tensor selected = Masks.select(onGpu, maskOnGpu, quota, grouping, ties);
        assertThat(kept(selected.cpu())).as("on a GPU").isEqualTo(winners);
      }
    }
  }

  /** The oracle: sorts. */
  private static List<Long> best(float[] values, List<Long> candidates, long take, TieBreak ties) {
    Comparator<Long> order =
        (a, b) -> {
          float x = values[Math.toIntExact(a)];
          float y = values[Math.toIntExact(b)];
          if (Float.isNaN(x) != Float.isNaN(y)) {
            return Float.isNaN(x) ? 1 : -1;
          }
          if (x > y || x < y) {
            return x > y ? -1 : 1;
          }
          return Long.compareUnsigned(ties.rank(a), ties.rank(b));
        };
    return candidates.stream().sorted(order).limit(take).sorted().toList();
  }

  /** Scores of one of several kinds: all different, many ties, special values, all equal. */
  private static float[] values(Random random, int size) {
    int kind = random.nextInt(5);
    var values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] =
          switch (kind) {
            case 0 -> (float) random.nextGaussian();
            case 1 -> random.nextInt(4) - 1;
            case 2 -> SPECIAL[random.nextInt(SPECIAL.length)];
            case 3 -> Float.intBitsToFloat(random.nextInt()); // any float, NaNs and denormals too
            default -> 0f;
          };
    }
    return values;
  }

  private static TieBreak ties(long seed, boolean random) {
    return random ? TieBreak.random(RandomScores.of(seed, "weight", 3)) : TieBreak.lowerIndex();
  }

  private static SelectionGroups flat(int size) {
    return ScoreShaper.flat().group("weight", size);
  }
}
