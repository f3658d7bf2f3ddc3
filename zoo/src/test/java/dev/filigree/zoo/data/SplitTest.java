package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SplitTest {
  private static DocumentTable table(List<String> names) {
    return new DocumentTable(
        new long[names.size() + 1],
        new int[names.size()],
        names.stream().mapToLong(DocumentTable::hash).toArray());
  }

  private static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(i -> "folder/File" + i + ".java").toList();
  }

  @Test
  void theHashOfANameNeverChanges() {
    assertThat(DocumentTable.hash("java.base/java/lang/String.java"))
        .isEqualTo(0xc63be3ae249760e0L);
  }

  @Property(tries = 50)
  void everyDocumentIsInExactlyOnePart(
      @ForAll @IntRange(min = 2, max = 300) int count,
      @ForAll @DoubleRange(min = 0, max = 0.9) double fraction) {
    DocumentTable table = table(names(count));
    int[] train = Split.TRAIN.select(table, fraction);
    int[] validation = Split.VALIDATION.select(table, fraction);
    int[] all =
        IntStream.concat(Arrays.stream(train), Arrays.stream(validation)).sorted().toArray();
    assertThat(all).isEqualTo(Split.ALL.select(table, fraction));
    assertThat(all).isEqualTo(IntStream.range(0, count).toArray());
  }

  @Test
  void aDocumentStaysOnItsSideWhenOthersCome() {
    int[] few = Split.VALIDATION.select(table(names(500)), 0.1);
    int[] many = Split.VALIDATION.select(table(names(1000)), 0.1);
    assertThat(Arrays.stream(many).filter(i -> i < 500).toArray()).isEqualTo(few);
  }

  @Test
  void theFractionIsAboutTheShareOfDocuments() {
    assertThat(Split.VALIDATION.select(table(names(10_000)), 0.03)).hasSizeBetween(250, 350);
  }

  @Test
  void aSmallCorpusStillHasOneDocumentToValidate() {
    DocumentTable table = table(names(3));
    assertThat(Split.VALIDATION.select(table, 0.0001)).hasSize(1);
    assertThat(Split.TRAIN.select(table, 0.0001)).hasSize(2);
  }

  @Test
  void withAFractionOfZeroNothingValidates() {
    assertThat(Split.VALIDATION.select(table(names(3)), 0)).isEmpty();
  }

  @Test
  void piecesWithOneNameStayTogether() {
    DocumentTable table = table(List.of("a", "a", "b", "b", "c", "c"));
    for (double fraction : new double[] {0.001, 0.3, 0.6}) {
      var sides = new HashSet<Long>();
      for (int i : Split.VALIDATION.select(table, fraction)) {
        sides.add(table.hashes()[i]);
      }
      for (int i : Split.TRAIN.select(table, fraction)) {
        assertThat(sides).doesNotContain(table.hashes()[i]);
      }
    }
  }
}
