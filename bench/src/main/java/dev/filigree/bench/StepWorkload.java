package dev.filigree.bench;

import dev.filigree.zoo.model.LlamaConfig;
import java.util.Map;

/**
 * The shape of a training step that is measured.
 *
 * @param hiddenSize width of the Llama; a multiple of 64, the size of a head
 * @param layers decoder layers
 * @param vocabulary tokens that the model knows
 * @param tokens tokens a step
 * @param sequence tokens of one sequence; divides {@code tokens}
 */
record StepWorkload(long hiddenSize, long layers, long vocabulary, long tokens, long sequence) {
  private static final long HEAD_SIZE = 64;

  StepWorkload {
    if (hiddenSize < HEAD_SIZE || hiddenSize % HEAD_SIZE != 0) {
      throw new IllegalArgumentException(
          "model width must be a multiple of %d, found %d".formatted(HEAD_SIZE, hiddenSize));
    }
    if (layers < 1 || vocabulary < 1 || tokens < 1 || sequence < 1) {
      throw new IllegalArgumentException(
          "layers, vocabulary, tokens and sequence must be at least 1");
    }
    if (tokens % sequence != 0) {
      throw new IllegalArgumentException(
          "sequence must divide tokens, found %d and %d".formatted(sequence, tokens));
    }
  }

  /** A Llama whose feed-forward block is 2.6875 times as wide as its hidden state. */
  LlamaConfig model() {
    return LlamaConfig.of(
        Map.of(
            "vocab_size", vocabulary,
            "hidden_size", hiddenSize,
            "intermediate_size", hiddenSize * 43 / 16,
            "num_hidden_layers", layers,
            "num_attention_heads", hiddenSize / HEAD_SIZE,
            "max_position_embeddings", sequence));
  }

  @Override
  public String toString() {
    return "llama-d%d-l%d".formatted(hiddenSize, layers);
  }
}
