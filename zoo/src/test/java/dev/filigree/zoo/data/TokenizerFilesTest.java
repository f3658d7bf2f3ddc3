package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer stays with the data that it made. The files were made by Hugging Face's library. */
class TokenizerFilesTest {
  @TempDir Path folder;

  private Path copy(String name) throws IOException {
    Path source = TestData.resource("tokenizers/" + name);
    Path target = Files.createDirectory(folder.resolve(name));
    TokenizerFiles.copy(source, target);
    return target;
  }

  private Path prepared(String name, Tokenizer tokenizer) throws IOException {
    Path target = folder.resolve(name);
    new DataPreparation(TestData.source(List.of("one two", "two three")), tokenizer).into(target);
    return target;
  }

  private static DataConfig read(String yaml, DataConfig defaults) {
    return DataConfig.read(
        ConfigReader.parse(yaml, "test.yaml").asMap(), defaults, new ArrayList<>());
  }

  private static DataConfig read(String yaml) {
    return read(yaml, DataConfig.defaults());
  }

  @Test
  void preparedTokensKnowTheirTokenizerWhenItsFilesAreGone() throws Exception {
    Path original = copy("two-ends");
    Tokenizer tokenizer = Tokenizers.of(original.toString());
    Path tokens = prepared("tokens", tokenizer);
    Files.move(original, folder.resolve("elsewhere"));
    DataConfig config = read("{data_dir: %s, max_sequence_length: 4}".formatted(tokens));
    Tokenizer found = DataSources.open(config).tokenizer().orElseThrow();
    assertThat(found.identity()).isEqualTo(tokenizer.identity());
    assertThat(found.endOfText()).isEqualTo(1);
    assertThat(Tokenizers.of(String.valueOf(config.tokenizer())).identity())
        .isEqualTo(tokenizer.identity());
  }

  @Test
  void theTokenizerOfPreparedTokensIsThatOfTheirManifest() throws Exception {
    Path tokens = prepared("tokens", new Gpt2Tokenizer());
    DataConfig config = read("{data_dir: %s}".formatted(tokens));
    assertThat(config.tokenizer()).isEqualTo("gpt2");
    assertThat(config.forEvaluation().tokenizer()).isEqualTo("gpt2");
    assertThat(read("{data_dir: %s, tokenizer: gpt2}".formatted(tokens)).tokenizer())
        .isEqualTo("gpt2");
  }

  @Test
  void anotherTokenizerThanTheManifestsIsRefused() throws Exception {
    Path tokens = prepared("tokens", new Gpt2Tokenizer());
    assertThatThrownBy(() -> read("{data_dir: %s, tokenizer: bytes}".formatted(tokens)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tokenizer: " + tokens.resolve("manifest.json"))
        .hasMessageContaining("gpt2, not by bytes");
  }

  @Test
  void validationHasTheTokenizerOfTraining() throws Exception {
    Path tokens = prepared("tokens", new Gpt2Tokenizer());
    DataConfig training = read("{tokenizer: bytes}").forEvaluation();
    assertThatThrownBy(() -> read("{data_dir: %s}".formatted(tokens), training))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("manifest.json");
    assertThatThrownBy(() -> read("{tokenizer: gpt2}", training))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("the tokenizer gpt2 is not that of the training data, bytes");
  }

  @Test
  void tokenFilesOfOthersHaveNoTokenizerUntilOneIsGiven() throws Exception {
    String block =
        "{data_processor: GptHDF5MapDataProcessor, data_dir: %s%s}"
            .formatted(TestData.resource("hdf5-samples"), "%s");
    assertThat(read(block.formatted("")).tokenizer()).isNull();
    assertThat(DataSources.open(read(block.formatted(""))).tokenizer()).isEmpty();
    assertThat(DataSources.open(read(block.formatted(", tokenizer: gpt2"))).tokenizer())
        .hasValueSatisfying(found -> assertThat(found.name()).isEqualTo("gpt2"));
  }

  @Test
  void aPreparationThatDidNotFinishIsNotReadAsText() throws Exception {
    Path tokens = prepared("tokens", new ByteTokenizer());
    Path manifest = tokens.resolve("manifest.json");
    Files.writeString(
        manifest,
        Files.readString(manifest).replace("\"complete\" : true", "\"complete\" : false"));
    assertThatThrownBy(
            () ->
                DataSources.open(read("{data_dir: %s, max_sequence_length: 4}".formatted(tokens))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("did not finish");
  }

  @Test
  void aTokenizerWithoutFilesIsNamed() throws Exception {
    assertThat(TokenizerFiles.in(folder)).isEmpty();
    new Gpt2Tokenizer().save(folder);
    assertThat(TokenizerFiles.in(folder).orElseThrow().identity())
        .isEqualTo(new Gpt2Tokenizer().identity());
    Files.writeString(folder.resolve("filigree.json"), "{}");
    assertThatThrownBy(() -> TokenizerFiles.in(folder)).hasMessageContaining("has no 'tokenizer'");
  }

  @Test
  void theEndOfATextIsTheOneThatTheFilesName() throws Exception {
    assertThat(Tokenizers.of(copy("named-end").toString()).endTokens()).containsExactly(0);
    Path two = copy("two-ends");
    assertThat(Tokenizers.of(two.toString()).endTokens()).containsExactly(1);
    Files.writeString(two.resolve("generation_config.json"), "{\"eos_token_id\": [0, 1]}");
    assertThat(Tokenizers.of(two.toString()).endOfText()).isEqualTo(1);
    assertThat(Tokenizers.of(two.toString()).endTokens()).containsExactly(1, 0);
  }

  @Test
  void withoutATokenizerConfigTheOtherFilesSayIt() throws Exception {
    Path named = copy("named-end");
    Files.delete(named.resolve("tokenizer_config.json"));
    assertThatThrownBy(() -> Tokenizers.of(named.toString()))
        .hasMessageContaining("no token ends a text");
    Files.writeString(named.resolve("config.json"), "{\"eos_token_id\": 0}");
    assertThat(Tokenizers.of(named.toString()).endOfText()).isZero();
    Files.delete(named.resolve("config.json"));
    Files.writeString(
        named.resolve("special_tokens_map.json"), "{\"eos_token\": {\"content\": \"<|end|>\"}}");
    assertThat(Tokenizers.of(named.toString()).endOfText()).isZero();
  }

  @Test
  void anEndThatIsNoTokenIsRefused() throws Exception {
    Path named = copy("named-end");
    Files.writeString(named.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|stop|>\"}");
    assertThatThrownBy(() -> Tokenizers.of(named.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("eos_token '<|stop|>' is no token of tokenizer.json");
  }

  @Test
  void aDocumentThatTheTokenizerCannotSplitIsNamed() {
    Tokenizer broken =
        new Tokenizer() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public String identity() {
            return name();
          }

          @Override
          public int vocabularySize() {
            return 4;
          }

          @Override
          public int endOfText() {
            return 0;
          }

          @Override
          public int[] encode(String text) {
            if (text.contains("three")) {
              throw new IllegalStateException("no such piece");
            }
            return new int[] {1};
          }

          @Override
          public String decode(int[] tokens) {
            return "";
          }
        };
    assertThatThrownBy(() -> prepared("tokens", broken))
        .isInstanceOf(DataException.class)
        .hasMessage("doc1: the tokenizer broken cannot split it: no such piece");
    assertThat(folder.resolve("tokens")).isDirectoryNotContaining("glob:**.part");
  }
}
