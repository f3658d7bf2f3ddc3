package dev.filigree.zoo.eval;

import dev.filigree.nn.Embedding;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.KeyValueCache;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Every token is as likely as any other, but after some one takes half of the probability. */
final class TableModel extends LanguageModel {
  private final Embedding table; // [vocabulary, vocabulary]: the logits after a token
  private final long contextLength;

  /** The sequences that it saw, padding included. */
  final List<List<Long>> seen = new ArrayList<>();

  TableModel(long vocabulary, long contextLength) {
    this.contextLength = contextLength;
    table = register("table", new Embedding(vocabulary, vocabulary));
    try (var _ = new NoGradGuard()) {
      parameters().get(0).zero_();
    }
  }

  /** After {@code token}, {@code next} has probability 1/2. */
  TableModel prefer(long token, long next) {
    try (var _ = new NoGradGuard()) {
      Tensor logit = parameters().get(0).select(0, token).select(0, next);
      logit.fill_(new Scalar(Math.log((double) vocabularySize() - 1)));
    }
    return this;
  }

  @Override
  protected Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    long[] ids =
        Tensors.segment(tokens.contiguous()).toArray(java.lang.foreign.ValueLayout.JAVA_LONG);
    int length = (int) tokens.size(1);
    for (int row = 0; row < tokens.size(0); row++) {
      seen.add(java.util.Arrays.stream(ids, row * length, (row + 1) * length).boxed().toList());
    }
    return table.forward(tokens);
  }

  @Override
  public long contextLength() {
    return contextLength;
  }

  @Override
  public long vocabularySize() {
    return parameters().get(0).size(0);
  }

  @Override
  public List<Long> endTokens() {
    return List.of();
  }

  @Override
  protected KeyValueCache newCache() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ModelConfig config() {
    throw new UnsupportedOperationException();
  }
}
