package dev.filigree.zoo.model;

import dev.filigree.zoo.data.Batch;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A network that predicts the next token from those before it. */
public abstract class LanguageModel extends Model {
  /** What the backward pass through the blocks starts from. */
  final Activations activations = new Activations();

  /**
   * Whether the backward pass computes the activations of each block again instead of keeping them
   * since the forward pass: slower by about a forward pass, in less memory, with the same
   * gradients. Networks of other packages have no blocks to compute again.
   */
  public final void recomputeActivations(boolean value) {
    activations.recomputed(value);
  }

  /** The longest sequence that it can see. */
  public abstract long contextLength();

  /** The number of tokens that it knows, the size of its logits. */
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

  /**
   * The logits after each token.
   *
   * @param inputs token ids, int64 [batch, sequence]
   * @return [batch, sequence, vocabulary]
   */
  public final Tensor logits(Tensor inputs) {
    return logits(inputs, null);
  }

  /**
   * The network in blocks, and what the first one gets of some tokens; empty for networks of other
   * packages.
   *
   * @param tokens int64 [batch, sequence]
   */
  public Optional<Blocks> blocks(Tensor tokens) {
    return Optional.empty();
  }

  @Override
  public Tensor loss(Batch batch) {
    return CrossEntropy.loss(logits(batch.inputs()), batch.labels(), batch.lossMask());
  }
}
