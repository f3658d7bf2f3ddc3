package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataConfigTest {
  private final List<String> notes = new ArrayList<>();

  private DataConfig read(String yaml, DataConfig defaults) {
    return DataConfig.read(ConfigReader.parse(yaml, "test.yaml").asMap(), defaults, notes);
  }

  private DataConfig read(String yaml) {
    return read(yaml, DataConfig.defaults());
  }

  @Test
  void nothingConfiguredMeansTheJdksSourcesByBytes() {
    DataConfig config = read("{}");
    assertThat(config).isEqualTo(DataConfig.defaults());
    assertThat(config.dataDirs()).containsExactly("jdk");
    assertThat(config.tokenizer()).isEqualTo("bytes");
    assertThat(config.split()).isEqualTo(Split.TRAIN);
  }

  @Test
  void aBlockOfTheModelZooIsReadWithNotes() {
    DataConfig config =
        read(
            """
            data_processor: GptHDF5MapDataProcessor
            data_dir:
            - ./train/0/
            - ./train/1/
            shuffle: true
            shuffle_seed: 7
            batch_size: 256
            micro_batch_size: 64
            num_workers: 1
            prefetch_factor: 10
            persistent_workers: true
            """);
    assertThat(config.dataDirs()).containsExactly("./train/0/", "./train/1/");
    assertThat(config.batchSize()).isEqualTo(256);
    assertThat(config.microBatchSize()).isEqualTo(64);
    assertThat(config.shuffleSeed()).isEqualTo(7);
    assertThat(config.maxSequenceLength()).isNull();
    assertThat(notes).hasSize(3).allMatch(note -> note.contains("without effect"));
    assertThat(notes.getFirst()).startsWith("test.yaml:9");
  }

  @Test
  void evaluationTakesTheOtherPartOfTheSameData() {
    DataConfig train = read("{tokenizer: gpt2, validation_fraction: 0.1}");
    DataConfig evaluation = read("{batch_size: 4}", train.forEvaluation());
    assertThat(evaluation.tokenizer()).isEqualTo("gpt2");
    assertThat(evaluation.split()).isEqualTo(Split.VALIDATION);
    assertThat(evaluation.shuffle()).isFalse();
    assertThat(evaluation.validationFraction()).isEqualTo(0.1);
    assertThat(evaluation.batchSize()).isEqualTo(4);
  }

  @Test
  void aFolderOfItsOwnIsEvaluatedAsAWhole() {
    DataConfig evaluation = read("{data_dir: held-out}", DataConfig.defaults().forEvaluation());
    assertThat(evaluation.split()).isEqualTo(Split.ALL);
    assertThat(evaluation.evaluation()).isTrue();
  }

  @Test
  void errorsNameTheKeyAndWhatIsAllowed() {
    assertThatThrownBy(() -> read("{batch_sise: 3}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("batch_sise: unknown key")
        .hasMessageContaining("batch_size");
    assertThatThrownBy(() -> read("batch_size: 0"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("test.yaml:1")
        .hasMessageContaining("batch_size: expected at least 1, found 0");
    assertThatThrownBy(() -> read("{batch_size: 6, micro_batch_size: 4}"))
        .hasMessageContaining("micro_batch_size: expected a divisor of batch_size 6, found 4");
    assertThatThrownBy(() -> read("validation_fraction: 1"))
        .hasMessageContaining("expected a fraction in [0, 1), found 1.0");
    assertThatThrownBy(() -> read("split: test"))
        .hasMessageContaining("allowed: train, validation, all");
    assertThatThrownBy(() -> read("data_processor: Nope\ndata_dir: x"))
        .hasMessageContaining("unknown data_processor 'Nope'; allowed: Cifar10DataProcessor");
    assertThatThrownBy(() -> read("data_processor: GptHDF5MapDataProcessor"))
        .hasMessageContaining("'data_dir' is missing");
    assertThatThrownBy(() -> read("data_dir: []"))
        .hasMessageContaining("data_dir: expected at least one place");
  }

  @Test
  void aBlockOpensALoaderWhoseTokensAreCached(@TempDir Path folder) throws Exception {
    Path texts = Files.createDirectory(folder.resolve("texts"));
    for (int i = 0; i < 20; i++) {
      Files.writeString(texts.resolve(i + ".txt"), "document number " + i);
    }
    Path cache = folder.resolve("cache");
    String yaml =
        "{data_dir: '%s', cache_dir: '%s', max_sequence_length: 8, validation_fraction: 0.3}"
            .formatted(texts, cache);
    DataLoader train = DataSources.loader(read(yaml));
    DataLoader validation = DataSources.loader(read("{}", read(yaml).forEvaluation()));
    TextInfo trained = train.dataset().text().orElseThrow();
    TextInfo validated = validation.dataset().text().orElseThrow();
    assertThat(trained.documents() + validated.documents()).isEqualTo(20);
    assertThat(validated.documents()).isPositive();
    try (var folders = Files.list(cache.resolve("tokens"))) {
      assertThat(folders).hasSize(1);
    }
    Path prepared = train.dataset() instanceof TokenDataset ? only(cache.resolve("tokens")) : cache;
    DataLoader again =
        DataSources.loader(
            read(
                "{data_dir: '%s', max_sequence_length: 8, validation_fraction: 0.3}"
                    .formatted(prepared)));
    assertThat(TestData.longs(again.next().inputs()))
        .isEqualTo(TestData.longs(train.next().inputs()));
  }

  private static Path only(Path folder) throws java.io.IOException {
    try (var entries = Files.list(folder)) {
      return entries.findFirst().orElseThrow();
    }
  }
}
