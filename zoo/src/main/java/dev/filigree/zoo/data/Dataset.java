package dev.filigree.zoo.data;

import java.util.List;
import java.util.Optional;

/** Samples by index: sequences of tokens, or pictures. Open for other kinds. */
public interface Dataset {
  /** What it is, in a few words. */
  String description();

  /** Samples in one epoch, at least 1. */
  long size();

  /**
   * The samples at some positions as one batch of new CPU tensors.
   *
   * @param positions at least one
   */
  Batch read(List<Position> positions);

  /**
   * What is known of the text behind the tokens; empty for pictures and for token files of others.
   */
  default Optional<TextInfo> text() {
    return Optional.empty();
  }

  /** What made tokens of the text; empty where it is not known. */
  default Optional<Tokenizer> tokenizer() {
    return text().map(TextInfo::tokenizer);
  }

  /**
   * Where a sample is stored: file and row, as far as there are any.
   *
   * @param part what of it: {@code inputs} or {@code labels}
   */
  default String place(Position position, String part) {
    return "%s: %s of sample %d".formatted(description(), part, position.index());
  }
}
