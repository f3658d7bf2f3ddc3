package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Linear;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Predicts a token from the one before it alone. */
public final class Bigram extends LanguageModel {
  private final Options options;
  private final Embedding tokens; // [vocabulary, hidden]
  private final Linear head; // [vocabulary, hidden]

  /** Its shape. */
  public record Options(long vocabSize, long hiddenSize) {}

  public Bigram(Options options) {
    this.options = options;
    tokens = register("tokens", new Embedding(options.vocabSize, options.hiddenSize));
    head = register("head", new Linear(options.hiddenSize, options.vocabSize, false));
  }

  @Override
  protected Tensor logits(Tensor ids, @Nullable KeyValueCache cache) {
    return head.forward(tokens.forward(ids)); // [batch, sequence, vocabulary]
  }

  @Override
  public long vocabularySize() {
    return options.vocabSize;
  }

  @Override
  public long contextLength() {
    return 1;
  }

  @Override
  public List<Long> endTokens() {
    return List.of();
  }

  @Override
  protected KeyValueCache newCache() {
    return new KeyValueCache(0, contextLength());
  }
}
