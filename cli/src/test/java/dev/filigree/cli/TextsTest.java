package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A prompt and what follows it are joined as the tokenizer joins its tokens. */
class TextsTest {
  @TempDir Path folder;

  /** The pieces that are shown when a network writes these tokens. */
  private static List<String> pieces(Tokenizer tokenizer, String prompt, int... tokens) {
    var pieces = new ArrayList<String>();
    var network = new ScriptedModel(tokenizer.vocabularySize(), tokens);
    new Texts(new TextModel(network, tokenizer)).generate(prompt, tokens.length, 0, 0, pieces::add);
    return pieces;
  }

  private static Tokenizer resource(String name) throws Exception {
    return Tokenizers.of(TokenizerTravelTest.resource(name).toString());
  }

  @Test
  void piecesThatBeginWithASpaceKeepIt() throws Exception {
    Tokenizer tokenizer = resource("pieces/tokenizer");
    int[] three = tokenizer.encode("three one");
    assertThat("two" + String.join("", pieces(tokenizer, "two", three))).isEqualTo("two three one");
    assertThat(String.join("", pieces(tokenizer, "", three))).isEqualTo("three one");
  }

  @Test
  void partsOfAWordAreJoinedToItAndWordsAreNot() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("tokenizer.json"),
            """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [{"id": 0, "content": "[SEP]", "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true}],
             "normalizer": {"type": "Lowercase"},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": null,
             "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
             "model": {"type": "WordPiece", "unk_token": "[UNK]",
               "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
               "vocab": {"[SEP]": 0, "[UNK]": 1, "one": 2, "tw": 3, "##o": 4, "three": 5, ".": 6}}}
            """);
    Tokenizer tokenizer = Tokenizers.of(file.toString());
    assertThat(pieces(tokenizer, "One tw", 4, 5, 6, 2)).containsExactly("o", " three", ".", " one");
  }

  @Test
  void aCharacterIsShownWhenItsLastByteHasCome() {
    Tokenizer bytes = Tokenizers.of("bytes");
    int[] tokens = bytes.encode("é€!");
    assertThat(pieces(bytes, "caf", tokens)).containsExactly("é", "€", "!");
    assertThat(pieces(bytes, "caf", tokens[0])).containsExactly("\uFFFD"); // never completed
  }

  @Test
  void bytesOfOneCharacterInSeveralPiecesAreJoined() throws Exception {
    Tokenizer tokenizer = resource("named-end"); // of bytes, as GPT-2's
    int[] tokens = tokenizer.encode(" naïve €");
    assertThat(tokens.length).isGreaterThan(3);
    List<String> pieces = pieces(tokenizer, "so", tokens);
    assertThat(String.join("", pieces)).isEqualTo(" naïve €");
    assertThat(pieces).noneMatch(piece -> piece.contains("\uFFFD"));
  }

  @Test
  void everyTokenThatEndsATextEndsIt() throws Exception {
    Path source = TokenizerTravelTest.resource("two-ends");
    for (String name : List.of("tokenizer.json", "tokenizer_config.json", "config.json")) {
      Files.copy(source.resolve(name), folder.resolve(name));
    }
    Tokenizer tokenizer = Tokenizers.of(folder.toString());
    int[] word = tokenizer.encode("a");
    for (int end : new int[] {0, 1}) {
      assertThat(pieces(tokenizer, "x", word[0], end, word[0], word[0])).containsExactly("a");
    }
  }
}
