package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Hdf5DatasetTest {
  @TempDir Path folder;

  private static Dataset open(Path folder, Map<String, ?> more) throws IOException {
    var block = new HashMap<String, Object>(more);
    block.put("data_processor", "GptHDF5MapDataProcessor");
    block.put("data_dir", folder.toString());
    return DataSources.open(
        DataConfig.read(
            ConfigReader.of(block, "test").asMap(), DataConfig.defaults(), new ArrayList<>()));
  }

  private static Batch read(Dataset dataset, long... indices) {
    return dataset.read(LongStream.of(indices).mapToObj(i -> new Position(0, i)).toList());
  }

  @Test
  void samplesOfTheModelZooAreReadAcrossFiles() throws Exception {
    Dataset dataset = open(TestData.resource("hdf5-samples"), Map.of());
    assertThat(dataset.size()).isEqualTo(5);
    Batch batch = read(dataset, 1, 4);
    assertThat(TestData.longs(batch.inputs()))
        .containsExactly(10, 11, 12, 13, 14, 15, 16, 17, 110, 111, 112, 113, 114, 115, 116, 117);
    assertThat(TestData.longs(batch.labels()))
        .containsExactly(11, 12, 13, 14, 15, 16, 17, 18, 111, 112, 113, 114, 115, 116, 117, 118);
    assertThat(batch.lossMask()).isNotNull();
    assertThat(TestData.floats(batch.lossMask()))
        .containsExactly(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
    assertThat(read(dataset, 0, 2).lossMask()).isNull();
  }

  @Test
  void aCorpusIsCutIntoSequencesThatCrossFiles() throws Exception {
    Dataset dataset = open(TestData.resource("hdf5-corpus"), Map.of("max_sequence_length", 10));
    assertThat(dataset.size()).isEqualTo(4);
    Batch batch = read(dataset, 2);
    assertThat(TestData.longs(batch.inputs())).isEqualTo(LongStream.range(20, 30).toArray());
    assertThat(TestData.longs(batch.labels())).isEqualTo(LongStream.range(21, 31).toArray());
  }

  @Test
  void datasetsOfTheirOwnAreReadToo() throws Exception {
    try (var file = HdfFile.write(folder.resolve("a.h5"))) {
      file.putDataset("input_ids", new int[][] {{1, 2}, {3, 4}});
      file.putDataset("labels", new int[][] {{2, 3}, {4, 5}});
      file.putDataset("attention_mask", new int[][] {{1, 1}, {1, 0}});
    }
    Batch batch = read(open(folder, Map.of()), 1, 0);
    assertThat(TestData.longs(batch.inputs())).containsExactly(3, 4, 1, 2);
    assertThat(TestData.longs(batch.labels())).containsExactly(4, 5, 2, 3);
    assertThat(batch.lossMask()).isNotNull();
    assertThat(TestData.floats(batch.lossMask())).containsExactly(1, 0, 1, 1);
  }

  @Test
  void errorsNameTheFileAndWhatIsExpected() throws Exception {
    assertThatThrownBy(() -> open(folder, Map.of())).hasMessageContaining("has no *.h5 file");
    assertThatThrownBy(() -> open(folder.resolve("missing"), Map.of()))
        .hasMessageContaining("no such folder");
    assertThatThrownBy(() -> open(TestData.resource("hdf5-corpus"), Map.of()))
        .hasMessageContaining("max_sequence_length is missing");
    assertThatThrownBy(
            () -> open(TestData.resource("hdf5-samples"), Map.of("max_sequence_length", 16)))
        .hasMessageContaining("max_sequence_length is 16, but the sequences of")
        .hasMessageContaining("have 8");

    Path wrong = Files.createDirectory(folder.resolve("wrong"));
    try (var file = HdfFile.write(wrong.resolve("a.h5"))) {
      file.putDataset("data", new int[2][4][4]);
    }
    assertThatThrownBy(() -> open(wrong, Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected [3, sequence]");

    Path none = Files.createDirectory(folder.resolve("none"));
    try (var file = HdfFile.write(none.resolve("a.h5"))) {
      file.putDataset("other", new int[2]);
    }
    assertThatThrownBy(() -> open(none, Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has no dataset 'data'");

    Path damaged = Files.createDirectory(folder.resolve("damaged"));
    Files.writeString(damaged.resolve("a.h5"), "no hdf5");
    assertThatThrownBy(() -> open(damaged, Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.h5: not an HDF5 file");

    Path tiny = Files.createDirectory(folder.resolve("tiny"));
    try (var file = HdfFile.write(tiny.resolve("a.h5"))) {
      file.putDataset("data", new int[] {1, 2, 3});
    }
    assertThatThrownBy(() -> open(tiny, Map.of("max_sequence_length", 3)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds no sequence of 3");
  }

  @Test
  void textsThatShareASequenceAndDoNotSeeEachOtherAreRefused() throws Exception {
    Path rows = Files.createDirectory(folder.resolve("rows"));
    try (var file = HdfFile.write(rows.resolve("a.h5"))) {
      file.putDataset("data", new int[2][5][4]);
    }
    Path separate = Files.createDirectory(folder.resolve("separate"));
    try (var file = HdfFile.write(separate.resolve("a.h5"))) {
      for (String name : List.of("input_ids", "labels", "attention_mask", "attention_span")) {
        file.putDataset(name, new int[2][4]);
      }
    }
    for (Path packed : List.of(rows, separate)) {
      assertThatThrownBy(() -> open(packed, Map.of()))
          .isInstanceOf(DataException.class)
          .hasMessageStartingWith(packed.resolve("a.h5") + ": several texts to a sequence");
    }
  }

  @Test
  void numbersThatAreNoIntegersAreRefused() throws Exception {
    try (var file = HdfFile.write(folder.resolve("a.h5"))) {
      file.putDataset("data", new double[10]);
    }
    Dataset dataset = open(folder, Map.of("max_sequence_length", 3));
    assertThatThrownBy(() -> read(dataset, 0))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds double, expected integers");
  }

  @Test
  void filesWithRowsOfDifferentShapesAreRefused() throws Exception {
    for (int length : List.of(4, 5)) {
      try (var file = HdfFile.write(folder.resolve(length + ".h5"))) {
        file.putDataset("data", new int[2][3][length]);
      }
    }
    assertThatThrownBy(() -> open(folder, Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("5.h5: rows of 'data' have the shape [3, 5]");
  }
}
