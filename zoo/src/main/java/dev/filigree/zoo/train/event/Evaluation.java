package dev.filigree.zoo.train.event;

import org.jspecify.annotations.Nullable;

/**
 * The loss on a validation set.
 *
 * @param step optimizer steps finished
 * @param dataset the set's name; empty where the run has one set only
 * @param loss mean over the positions, nats a token or a picture
 * @param positions tokens or pictures evaluated
 * @param bitsPerByte of the text; null where the text behind the tokens is not known
 * @param accuracy the fraction of pictures with the right class; null for text
 */
public record Evaluation(
    long step,
    String dataset,
    double loss,
    long positions,
    @Nullable Double bitsPerByte,
    @Nullable Double accuracy) {
  /** e to the loss. */
  public double perplexity() {
    return Math.exp(loss);
  }
}
