package dev.filigree.zoo.train;

/**
 * The loss on a validation set.
 *
 * @param step optimizer steps finished
 * @param dataset the set's name; empty where the run has one set only
 * @param loss mean over the positions, nats a token
 * @param tokens positions evaluated
 */
public record Evaluation(long step, String dataset, double loss, long tokens) {
  /** e to the loss. */
  public double perplexity() {
    return Math.exp(loss);
  }
}
