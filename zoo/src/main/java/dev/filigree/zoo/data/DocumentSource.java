package dev.filigree.zoo.data;

import java.io.IOException;

/** Where documents come from. Every reading gives the same documents in the same order. */
public interface DocumentSource {
  /** What it is, in a few words, for manifests and messages. */
  String description();

  /**
   * A text that changes when the documents do (sizes and times of files, checksums of an archive),
   * made without reading them.
   */
  String fingerprint() throws IOException;

  /**
   * Hands out the documents one after the other, each read when its turn comes.
   *
   * @throws DataException when something in the source cannot be read as documents
   */
  void read(Sink sink) throws IOException;

  /** Takes documents. */
  @FunctionalInterface
  interface Sink {
    /** Returns whether more documents are wanted. */
    boolean accept(Document document) throws IOException;

    /** Is told, in a line for people, of something that was not read as documents. */
    default void note(String line) {}
  }
}
