package dev.filigree.zoo.model;

import dev.filigree.zoo.data.Batch;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A network that predicts the next token from those before it. */
public abstract class LanguageModel extends Model {
  /** The longest sequence that it can see. */
  public abstract long contextLength();

  public abstract long vocabularySize();

  /** Ids of the tokens that end a text. */
  public abstract List<Long> endTokens();

  /** An empty cache for this network. */
  protected abstract KeyValueCache newCache();

  /**
   * The logits after each token.
   *
   * @param tokens int64 [batch, sequence]
   * @param cache the tokens before these, and where these are put; null without any before
   * @return [batch, sequence, vocabulary]
   */
  protected abstract Tensor logits(Tensor tokens, @Nullable KeyValueCache cache);

  @Override
  public final Tensor logits(Tensor inputs) {
    return logits(inputs, null);
  }

  @Override
  public final Tensor loss(Batch batch) {
    return CrossEntropy.loss(logits(batch.inputs()), batch.labels(), batch.lossMask());
  }
}
