package dev.filigree.bench;

import dev.filigree.zoo.model.LlamaConfig;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** The networks whose training steps are measured on a GPU, with Llama-2's vocabulary. */
enum GpuModel {
  SMALL("llama-110m", 768, 2048, 12, 12),
  LLAMA_1_3B("llama-1.3b", 2048, 5504, 24, 16),
  LLAMA_7B("llama-7b", 4096, 11_008, 32, 32),
  LLAMA_13B("llama-13b", 5120, 13_824, 40, 40);

  private static final long VOCABULARY = 32_000;

  private final String label;
  private final long hiddenSize;
  private final long intermediateSize;
  private final long layers;
  private final long heads;

  GpuModel(String label, long hiddenSize, long intermediateSize, long layers, long heads) {
    this.label = label;
    this.hiddenSize = hiddenSize;
    this.intermediateSize = intermediateSize;
    this.layers = layers;
    this.heads = heads;
  }

  static GpuModel of(String label) {
    return Arrays.stream(values())
        .filter(model -> model.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "models must be of "
                        + Arrays.stream(values())
                            .map(model -> model.label)
                            .collect(Collectors.joining(", "))
                        + "; found "
                        + label));
  }

  String label() {
    return label;
  }

  LlamaConfig config(long sequence) {
    return LlamaConfig.of(
        Map.of(
            "vocab_size", VOCABULARY,
            "hidden_size", hiddenSize,
            "intermediate_size", intermediateSize,
            "num_hidden_layers", layers,
            "num_attention_heads", heads,
            "max_position_embeddings", sequence));
  }

  long vocabulary() {
    return VOCABULARY;
  }

  /**
   * Floating point operations of dense training for one token: 6 for each weight but the
   * embedding's, and causal attention's products, forward and backward.
   */
  double operationsPerToken(long sequence) {
    double weights = config(sequence).parameterCount() - (double) VOCABULARY * hiddenSize;
    return 6 * weights + 6.0 * layers * hiddenSize * sequence;
  }
}
