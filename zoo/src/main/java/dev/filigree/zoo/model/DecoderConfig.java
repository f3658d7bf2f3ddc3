package dev.filigree.zoo.model;

import java.util.List;

/** What the configurations of decoders, networks that predict the next token, have in common. */
public interface DecoderConfig extends ModelConfig {
  /** The number of tokens. */
  long vocabularySize();

  /** The width of the residual stream. */
  long hiddenSize();

  /** The number of decoder blocks. */
  long layers();

  /** Query heads of each attention. */
  long heads();

  /** The longest sequence. */
  long contextLength();

  /** Whether the output head is the transposed token embedding. */
  boolean tiedEmbeddings();

  /** What is dropped in training. */
  Dropouts dropouts();

  /** The distributions that initial weights are drawn from. */
  Initializers initializers();

  /** Ids of the tokens that end a text. */
  List<Long> endTokens();
}
