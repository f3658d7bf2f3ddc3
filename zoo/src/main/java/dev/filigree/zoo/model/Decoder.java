package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Linear;
import dev.filigree.zoo.data.Batch;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
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

  /** What the head scores the tokens by, [batch, sequence, hidden]. */
  abstract Tensor hidden(Tensor tokens, @Nullable KeyValueCache cache);

  /** The vectors of the tokens; the head of a network whose embeddings are tied. */
  abstract Embedding embedding();

  /** What the head's scores are multiplied by. */
  double logitScale() {
    return 1;
  }

  /** A tensor times a factor that is mostly 1. */
  static Tensor scaled(Tensor x, double factor) {
    return factor == 1 ? x : x.mul(new Scalar(factor));
  }

  @Override
  protected final Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    Tensor x = hidden(tokens, cache);
    return scaled(head == null ? embedding().scores(x) : head.forward(x), logitScale());
  }

  @Override
  public final Optional<Blocks> blocks(Tensor tokens) {
    return Optional.of(activations.takeApart(() -> hidden(tokens, null)));
  }

  @Override
  public final Tensor loss(Batch batch) {
    Optional<Tensor> matrix = head == null ? Optional.of(embedding().matrix()) : head.matrix();
    if (!batch.inputs().is_cuda() || matrix.isEmpty()) {
      return super.loss(batch);
    }
    Tensor x = scaled(hidden(batch.inputs(), null), logitScale());
    return LinearCrossEntropy.loss(x, matrix.get(), batch.labels(), batch.lossMask());
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
