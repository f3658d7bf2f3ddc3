package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataLoaderTest {
  @TempDir Path folder;
  private Dataset dataset = new CountingDataset(1);

  /** Sample i of epoch e is the single label 1000·e + i. */
  private record CountingDataset(long size) implements Dataset {
    @Override
    public String description() {
      return "numbers";
    }

    @Override
    public Batch read(List<Position> positions) {
      var tensor = dev.filigree.torch.Tensors.int64(positions.size());
      long[] values = positions.stream().mapToLong(p -> 1000 * p.epoch() + p.index()).toArray();
      dev.filigree.torch.Tensors.segment(tensor)
          .copyFrom(java.lang.foreign.MemorySegment.ofArray(values));
      return new Batch(tensor, tensor, null);
    }
  }

  @BeforeEach
  void prepare() throws Exception {
    List<String> texts = IntStream.range(0, 40).mapToObj(i -> "text number " + i).toList();
    TokenStore store = TestData.store(folder, texts);
    dataset = new TokenDataset(store, Split.ALL, 0, 8, TokenDataset.Order.SHUFFLED, 3);
  }

  private static long[] samples(DataLoader loader, int batches) {
    return IntStream.range(0, batches)
        .mapToObj(i -> TestData.longs(loader.next().labels()))
        .flatMapToLong(Arrays::stream)
        .toArray();
  }

  @Test
  void anEpochHoldsEverySampleOnceAndTheNextOneFollowsWithoutAGap() {
    var loader = new DataLoader(new CountingDataset(10), 4, true, 9);
    long[] twoEpochs = samples(loader, 5);
    assertThat(Arrays.stream(twoEpochs, 0, 10).sorted().toArray())
        .isEqualTo(LongStream.range(0, 10).toArray());
    assertThat(Arrays.stream(twoEpochs, 10, 20).sorted().toArray())
        .isEqualTo(LongStream.range(1000, 1010).toArray());
    assertThat(Arrays.stream(twoEpochs, 0, 10).toArray())
        .isNotEqualTo(Arrays.stream(twoEpochs, 10, 20).map(x -> x - 1000).toArray());
  }

  @Test
  void theOrderDoesNotDependOnTheBatchSize() {
    long[] small = samples(new DataLoader(new CountingDataset(10), 3, true, 9), 8);
    long[] large = samples(new DataLoader(new CountingDataset(10), 12, true, 9), 2);
    assertThat(small).isEqualTo(large);
  }

  @Test
  void withoutShuffleSamplesComeInOrder() {
    assertThat(samples(new DataLoader(new CountingDataset(3), 2, false, 9), 2))
        .containsExactly(0, 1, 2, 1000);
  }

  @Test
  void aResumedLoaderGivesWhatTheFirstWouldHaveGiven() {
    var first = new DataLoader(dataset, 7, true, 3);
    samples(first, 11);
    Map<String, Object> state = first.state();
    var resumed = new DataLoader(dataset, 7, true, 3);
    samples(resumed, 2);
    resumed.load(state);
    assertThat(resumed.epoch()).isPositive();
    assertThat(samples(resumed, 5)).isEqualTo(samples(first, 5));
  }

  @Test
  void integersThatJsonMadeSmallerAreAcceptedInAState() {
    var loader = new DataLoader(new CountingDataset(10), 4, true, 9);
    loader.load(Map.of("samples", 7, "size", 10, "shuffle", true, "seed", 9));
    assertThat(loader.samples()).isEqualTo(7);
  }

  @Test
  void aStateOfOtherDataIsRefused() {
    var state = new HashMap<>(new DataLoader(new CountingDataset(10), 4, true, 9).state());
    assertThatThrownBy(() -> new DataLoader(new CountingDataset(11), 4, true, 9).load(state))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "the data differ from the checkpoint's: size is 10 there and 11 here (numbers)");
    assertThatThrownBy(() -> new DataLoader(new CountingDataset(10), 4, true, 8).load(state))
        .hasMessageContaining("seed is 9 there and 8 here");
    state.remove("samples");
    assertThatThrownBy(() -> new DataLoader(new CountingDataset(10), 4, true, 9).load(state))
        .hasMessageContaining("no position in the data");
  }

  @Test
  void onePassCoversEverySampleInOrderWithoutMovingTheLoader() {
    var loader = new DataLoader(new CountingDataset(10), 4, true, 9);
    samples(loader, 1);
    var seen = new ArrayList<Long>();
    var sizes = new ArrayList<Integer>();
    for (Batch batch : loader.once(Long.MAX_VALUE)) {
      long[] labels = TestData.longs(batch.labels());
      sizes.add(labels.length);
      Arrays.stream(labels).forEach(seen::add);
    }
    assertThat(seen).isEqualTo(LongStream.range(0, 10).boxed().toList());
    assertThat(sizes).containsExactly(4, 4, 2);
    assertThat(loader.samples()).isEqualTo(4);
    assertThat(loader.once(2)).hasSize(2);
  }

  @Test
  void microBatchesTogetherAreTheBatch() {
    var whole = new DataLoader(dataset, 6, true, 3);
    var parts = new DataLoader(dataset, 6, true, 3);
    long[] micro =
        LongStream.concat(
                Arrays.stream(TestData.longs(parts.next(2).labels())),
                Arrays.stream(TestData.longs(parts.next(4).labels())))
            .toArray();
    assertThat(micro).isEqualTo(TestData.longs(whole.next().labels()));
  }
}
