package dev.filigree.cli;

import dev.filigree.nn.Embedding;
import dev.filigree.zoo.model.KeyValueCache;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.ModelConfig;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Writes the tokens that it is told to, one after the other. */
final class ScriptedModel extends LanguageModel {
  private static final long CONTEXT = 64;

  private final long vocabulary;
  private final int[] script;
  private int next;

  ScriptedModel(long vocabulary, int... script) {
    this.vocabulary = vocabulary;
    this.script = script;
    register("device", new Embedding(1, 1)); // tells the generator where the network is
  }

  @Override
  protected Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    Tensor logits = torch.zeros(1, tokens.size(1), vocabulary);
    logits.select(2, script[next++]).fill_(new Scalar(1.0));
    return logits;
  }

  @Override
  public long contextLength() {
    return CONTEXT;
  }

  @Override
  public long vocabularySize() {
    return vocabulary;
  }

  @Override
  public List<Long> endTokens() {
    return List.of();
  }

  @Override
  protected KeyValueCache newCache() {
    return new KeyValueCache(0, CONTEXT);
  }

  @Override
  public ModelConfig config() {
    throw new UnsupportedOperationException();
  }
}
