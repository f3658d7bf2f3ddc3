package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ids that a network does not know are refused where they are stored. */
class KnownIdsTest {
  private static final int MANY = 8;

  @TempDir Path folder;

  private static DataLoader loader(Map<String, ?> block) throws IOException {
    return DataSources.loader(
        DataConfig.read(
            ConfigReader.of(block, "test").asMap(), DataConfig.defaults(), new ArrayList<>()));
  }

  private DataLoader hdf5(int batchSize) throws IOException {
    return loader(
        Map.of(
            "data_processor",
            "GptHDF5MapDataProcessor",
            "data_dir",
            folder.toString(),
            "shuffle",
            false,
            "batch_size",
            batchSize));
  }

  private static void all(DataLoader loader) {
    loader.once(Long.MAX_VALUE).forEach(batch -> {});
  }

  @Test
  void aTokenIsNamedByFileAndRow() throws Exception {
    for (String name : List.of("a.h5", "b.h5")) {
      try (var file = HdfFile.write(folder.resolve(name))) {
        int id = name.equals("b.h5") ? 7 : 4;
        file.putDataset(
            "data", new int[][][] {{{1, 2}, {1, 1}, {2, 3}}, {{3, 4}, {1, 1}, {4, id}}});
      }
    }
    all(hdf5(3).ids(8, "model.vocab_size"));
    for (int batchSize : new int[] {1, 3, MANY}) {
      assertThatThrownBy(() -> all(hdf5(batchSize).ids(7, "model.vocab_size")))
          .isInstanceOf(DataException.class)
          .hasMessage(
              folder.resolve("b.h5")
                  + ": row 1 of 'data', labels: 7 is not below model.vocab_size, which is 7");
    }
  }

  @Test
  void inputsAndLabelsOfTheirOwnAreNamedByDatasetAndTrainingSeesIt() throws Exception {
    try (var file = HdfFile.write(folder.resolve("a.h5"))) {
      file.putDataset("input_ids", new int[][] {{1, 2}, {3, 9}});
      file.putDataset("labels", new int[][] {{2, -100}, {4, 5}});
    }
    DataLoader loader = hdf5(1).ids(6, "model.vocab_size");
    loader.next(); // -100 is a label that never counts
    assertThatThrownBy(loader::next)
        .hasMessageContaining("a.h5: row 1 of 'input_ids': 9 is not below model.vocab_size");
    assertThat(loader.samples()).isEqualTo(1);
  }

  @Test
  void aNegativeIdIsNamed() throws Exception {
    try (var file = HdfFile.write(folder.resolve("a.h5"))) {
      file.putDataset("input_ids", new int[][] {{1, 2}});
      file.putDataset("labels", new int[][] {{2, -1}});
    }
    assertThatThrownBy(() -> all(hdf5(1).ids(6, "model.vocab_size")))
        .hasMessageContaining("row 0 of 'labels': -1 is not below");
  }

  @Test
  void aPictureOfAClassThatIsNotThereIsNamed() throws Exception {
    for (int i = 1; i <= 5; i++) {
      byte[] pictures = new byte[3 * 3073];
      pictures[2 * 3073] = (byte) (i == 4 ? 10 : 9);
      Files.write(folder.resolve("data_batch_" + i + ".bin"), pictures);
    }
    DataLoader loader =
        loader(
            Map.of(
                "data_processor",
                "Cifar10DataProcessor",
                "data_dir",
                folder.toString(),
                "batch_size",
                MANY));
    assertThatThrownBy(() -> all(loader.ids(10, "model.num_classes")))
        .isInstanceOf(DataException.class)
        .hasMessage(
            folder.resolve("data_batch_4.bin")
                + ": labels of picture 2: 10 is not below model.num_classes, which is 10");
  }

  @Test
  void tokensOfALargerVocabularyAreRefusedBeforeTheFirstStep() throws Exception {
    Path tokens = folder.resolve("tokens");
    new DataPreparation(TestData.source(List.of("one two", "two three")), new Gpt2Tokenizer())
        .into(tokens);
    DataLoader loader =
        loader(Map.of("data_dir", tokens.toString(), "max_sequence_length", 2, "batch_size", 1));
    assertThatThrownBy(() -> loader.ids(300, "model.vocab_size"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(tokens.resolve("manifest.json").toString())
        .hasMessageContaining("gpt2 of 50257 tokens; model.vocab_size is 300");
  }
}
