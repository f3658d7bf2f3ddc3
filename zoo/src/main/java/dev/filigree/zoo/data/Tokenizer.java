package dev.filigree.zoo.data;

import java.nio.charset.StandardCharsets;

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

  /** The ids of a text, without any special token. */
  int[] encode(String text);

  /** The ids of a text in UTF-8; bytes that are no UTF-8 count as U+FFFD. */
  default int[] encode(byte[] utf8) {
    return encode(new String(utf8, StandardCharsets.UTF_8));
  }

  /** The text of ids; {@link #endOfText} is left out. */
  String decode(int[] tokens);
}
