package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Linear;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A language model of the zoo: its configuration, and its output head. */
abstract class Decoder<C extends DecoderConfig> extends LanguageModel {
  final C config;
  private @Nullable Linear head; // [vocabulary, hidden]

  Decoder(C config) {
    this.config = config;
  }

  /** Registers an output head, unless the embedding is it. */
  final void head(String name) {
    if (!config.tiedEmbeddings()) {
      head =
          linear(
              name,
              "lm_head",
              config.initializers().head(),
              config.hiddenSize(),
              config.vocabularySize(),
              false);
    }
  }

  /** From [batch, sequence, hidden] to the logits [batch, sequence, vocabulary]. */
  final Tensor scores(Tensor x, Embedding tokens) {
    return head == null ? tokens.scores(x) : head.forward(x);
  }

  @Override
  public final C config() {
    return config;
  }

  @Override
  public final long contextLength() {
    return config.contextLength();
  }

  @Override
  public final long vocabularySize() {
    return config.vocabularySize();
  }

  @Override
  public final List<Long> endTokens() {
    return config.endTokens();
  }

  @Override
  protected final KeyValueCache newCache() {
    return new KeyValueCache(config.layers(), config.contextLength());
  }
}
