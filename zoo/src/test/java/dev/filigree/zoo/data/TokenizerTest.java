package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  @Property(tries = 200)
  void bytesSurviveARoundTrip(@ForAll String text) {
    // Lone surrogates are no text: UTF-8 cannot hold them.
    String valid = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    var tokenizer = new ByteTokenizer();
    int[] tokens = tokenizer.encode(valid);
    assertThat(tokens).hasSize(valid.getBytes(StandardCharsets.UTF_8).length);
    assertThat(tokens).doesNotContain(tokenizer.endOfText());
    assertThat(tokenizer.decode(tokens)).isEqualTo(valid);
  }

  @Test
  void aByteThatIsNoUtf8NeverBecomesTheEndOfAText() {
    int[] tokens = new ByteTokenizer().encode(new byte[] {'a', (byte) 0xFF, 'b'});
    assertThat(tokens).containsExactly('a', 0xEF, 0xBF, 0xBD, 'b');
  }

  @Test
  void gpt2GivesTheIdsOfThePaper() {
    var tokenizer = new Gpt2Tokenizer();
    assertThat(tokenizer.encode("Hello world")).containsExactly(15496, 995);
    assertThat(tokenizer.decode(new int[] {15496, 995, 50256})).isEqualTo("Hello world");
    assertThat(tokenizer.vocabularySize()).isEqualTo(50257);
  }

  @Test
  void specialTokensInATextAreText() {
    assertThat(new Gpt2Tokenizer().encode("<|endoftext|>")).doesNotContain(50256);
  }

  @Test
  void aTokenizerJsonGivesTheIdsOfHuggingFacesLibrary() {
    Tokenizer tokenizer = Tokenizers.of(TestData.resource("tokenizer.json").toString());
    assertThat(tokenizer.encode("the masks, naïve"))
        .containsExactly(258, 271, 83, 12, 221, 78, 65, 128, 108, 86, 69);
    assertThat(tokenizer.decode(tokenizer.encode("the masks, naïve")))
        .isEqualTo("the masks, naïve");
    assertThat(tokenizer.endOfText()).isEqualTo(0);
    assertThat(tokenizer.vocabularySize()).isEqualTo(273);
  }

  @Test
  void theIdentityOfATokenizerJsonIsItsContent(@TempDir Path folder) throws Exception {
    Path original = TestData.resource("tokenizer.json");
    Path copy = Files.copy(original, folder.resolve("tokenizer.json"));
    assertThat(Tokenizers.of(folder.toString()).identity())
        .isEqualTo(Tokenizers.of(original.toString()).identity());
    Files.writeString(copy, Files.readString(copy) + "\n");
    assertThat(Tokenizers.of(folder.toString()).identity())
        .isNotEqualTo(Tokenizers.of(original.toString()).identity());
  }

  @Test
  void anUnknownTokenizerIsNamedWithWhatIsAllowed() {
    assertThatThrownBy(() -> Tokenizers.of("gpt5"))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "unknown tokenizer 'gpt5'; allowed: bytes, gpt2, or the path of a tokenizer.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.model", "spiece.model", "vocab.json"})
  void aTokenizerInAnotherFormIsNamed(String name, @TempDir Path folder) throws Exception {
    Files.write(folder.resolve(name), new byte[] {10, 14, 10});
    assertThatThrownBy(() -> Tokenizers.of(folder.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(folder.resolve(name) + ": not read; make a tokenizer.json of it");
  }

  @Test
  void aFileThatIsNoTokenizerIsRefused(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), "{]");
    assertThatThrownBy(() -> Tokenizers.of(file.toString()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not a tokenizer.json");
  }
}
