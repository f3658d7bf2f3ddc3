package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;

/** Text to token ids and back. Implementations may be used by several threads. */
public interface Tokenizer {
  /** What a configuration calls it: {@code bytes}, {@code gpt2} or a path. */
  String name();

  /** A text that changes whenever {@link #encode} may give other ids. */
  String identity();

  /** Ids are in [0, vocabularySize). */
  int vocabularySize();

  /** The id that ends every document. */
  int endOfText();

  /** The ids that end a text that a network writes; {@link #endOfText} is one of them. */
  default Set<Integer> endTokens() {
    return Set.of(endOfText());
  }

  /**
   * Writes what {@link TokenizerFiles#in} makes the same tokenizer of.
   *
   * @param folder one that is there
   */
  default void save(Path folder) throws IOException {
    TokenizerFiles.writeName(folder, name());
  }

  /** The ids of a text, without any special token. */
  int[] encode(String text);

  /** The ids of a text in UTF-8; bytes that are no UTF-8 count as U+FFFD. */
  default int[] encode(byte[] utf8) {
    return encode(new String(utf8, StandardCharsets.UTF_8));
  }

  /** The text of ids; {@link #endTokens} are left out. */
  String decode(int[] tokens);
}
