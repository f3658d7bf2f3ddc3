package dev.filigree.zoo.model;

import java.util.List;

/** What the configurations of decoders, networks that predict the next token, have in common. */
public interface DecoderConfig extends ModelConfig {
  long vocabularySize();

  long hiddenSize();

  long layers();

  long heads();

  /** The longest sequence. */
  long contextLength();

  /** Whether the output head is the transposed token embedding. */
  boolean tiedEmbeddings();

  Dropouts dropouts();

  Initializers initializers();

  /** Ids of the tokens that end a text. */
  List<Long> endTokens();
}
