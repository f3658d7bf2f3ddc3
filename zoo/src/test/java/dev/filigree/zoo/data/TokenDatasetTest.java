package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDatasetTest {
  @TempDir Path folder;

  private static Dataset dataset(TokenStore store, int length, TokenDataset.Order order) {
    return new TokenDataset(store, Split.ALL, 0, length, order, 5);
  }

  private static List<Position> epoch(Dataset dataset, long epoch) {
    return LongStream.range(0, dataset.size()).mapToObj(i -> new Position(epoch, i)).toList();
  }

  @Test
  void inputsAreWindowsAndLabelsTheSameShiftedByOne() throws Exception {
    Dataset dataset =
        dataset(TestData.store(folder, List.of("abcd", "efg")), 3, TokenDataset.Order.SOURCE);
    Batch batch = dataset.read(epoch(dataset, 0));
    // The run is a b c d E e f g E: 8 labels, so 2 windows of 3; the rest is too short.
    assertThat(TestData.longs(batch.inputs())).containsExactly('a', 'b', 'c', 'd', 255, 'e');
    assertThat(TestData.longs(batch.labels())).containsExactly('b', 'c', 'd', 255, 'e', 'f');
    assertThat(batch.lossMask()).isNull();
  }

  @Test
  void evaluationPadsTheLastWindowAndMasksIt() throws Exception {
    Dataset dataset =
        dataset(TestData.store(folder, List.of("abcde")), 4, TokenDataset.Order.EVALUATION);
    assertThat(dataset.size()).isEqualTo(2);
    Batch batch = dataset.read(epoch(dataset, 0));
    assertThat(TestData.longs(batch.inputs()))
        .containsExactly('a', 'b', 'c', 'd', 'e', 255, 255, 255);
    assertThat(TestData.longs(batch.labels()))
        .containsExactly('b', 'c', 'd', 'e', 255, 255, 255, 255);
    assertThat(batch.lossMask()).isNotNull();
    assertThat(TestData.floats(batch.lossMask())).containsExactly(1, 1, 1, 1, 1, 0, 0, 0);
  }

  @Property(tries = 60)
  @SuppressWarnings("try") // the scope only frees the tensors
  void inAnEpochEveryTokenIsALabelOnceUpToTheRest(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 0, max = 40) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 17) int length,
      @ForAll @IntRange(min = 0, max = 3) int epoch)
      throws IOException {
    Path temporary = Files.createTempDirectory("tokens");
    var texts = new ArrayList<String>();
    for (int i = 0; i < lengths.size(); i++) {
      texts.add(String.valueOf((char) ('a' + i)).repeat(lengths.get(i)));
    }
    TokenStore store = TestData.store(temporary, texts);
    if (store.tokens() <= length) {
      return;
    }
    for (TokenDataset.Order order : TokenDataset.Order.values()) {
      try (var scope = new PointerScope()) {
        Dataset dataset = dataset(store, length, order);
        Batch batch = dataset.read(epoch(dataset, epoch));
        long[] inputs = TestData.longs(batch.inputs());
        long[] labels = TestData.longs(batch.labels());
        boolean evaluation = order == TokenDataset.Order.EVALUATION;
        int rest = evaluation ? 0 : (int) ((store.tokens() - 1) % length);
        int counted = (int) store.tokens() - 1 - rest;
        assertThat(Arrays.copyOfRange(labels, 0, counted - 1))
            .isEqualTo(Arrays.copyOfRange(inputs, 1, counted));
        // The run of tokens: whole documents in some order, each with its end.
        var run = new StringBuilder();
        LongStream.concat(LongStream.of(inputs[0]), Arrays.stream(labels, 0, counted))
            .forEach(token -> run.append((char) token));
        var left = new ArrayList<>(texts);
        String[] documents = run.toString().split("\u00ff", -1);
        for (int i = 0; i < documents.length - 1; i++) {
          assertThat(left.remove(documents[i])).as("document '%s'", documents[i]).isTrue();
        }
        String cut = documents[documents.length - 1];
        assertThat(cut.isEmpty() || left.stream().anyMatch(text -> text.startsWith(cut))).isTrue();
        assertThat(evaluation && !left.isEmpty()).isFalse();
      }
    }
  }

  @Test
  void everyEpochJoinsTheDocumentsInAnotherOrder() throws Exception {
    List<String> texts = IntStream.range(0, 20).mapToObj(i -> "document " + i).toList();
    Dataset dataset = dataset(TestData.store(folder, texts), 8, TokenDataset.Order.SHUFFLED);
    long[] first = TestData.longs(dataset.read(epoch(dataset, 0)).inputs());
    long[] second = TestData.longs(dataset.read(epoch(dataset, 1)).inputs());
    assertThat(first).isNotEqualTo(second);
    assertThat(TestData.longs(dataset.read(epoch(dataset, 0)).inputs())).isEqualTo(first);
  }

  @Test
  void documentsOfSeveralShardsAreJoined() throws Exception {
    var texts = List.of("a".repeat(1 << 20), "b".repeat(1 << 20), "c");
    var store =
        new DataPreparation(TestData.source(texts), new ByteTokenizer())
            .shardBytes(1)
            .into(folder)
            .store();
    assertThat(store.manifest().shards()).hasSize(3);
    Dataset dataset = dataset(store, 1 << 20, TokenDataset.Order.SOURCE);
    long[] labels = TestData.longs(dataset.read(List.of(new Position(0, 1))).labels());
    assertThat(labels[0]).isEqualTo('b');
    assertThat(labels[labels.length - 1]).isEqualTo('b');
    assertThat(dataset.size()).isEqualTo(2);
  }

  @Test
  void aCorpusTooSmallForOneSequenceSaysHowMuchItHasAndNeeds() throws Exception {
    TokenStore store = TestData.store(folder, List.of("abc"));
    assertThatThrownBy(() -> dataset(store, 4, TokenDataset.Order.SHUFFLED))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has 4 tokens (1 documents); one sequence of 4 needs 5");
  }

  @Test
  void textInfoTurnsNatsPerTokenIntoBitsPerByte() throws Exception {
    TokenStore store =
        new DataPreparation(TestData.source(List.of("Hello world")), new Gpt2Tokenizer())
            .into(folder)
            .store();
    TextInfo text = dataset(store, 1, TokenDataset.Order.SOURCE).text().orElseThrow();
    assertThat(text.tokens()).isEqualTo(3);
    assertThat(text.bytes()).isEqualTo(11);
    assertThat(text.bitsPerByte(Math.log(2) * 11))
        .isEqualTo(3, org.assertj.core.api.Assertions.within(1e-12));
  }
}
