package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.nn.Embedding;
import dev.filigree.nn.Linear;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Predicts a token from the one before it alone. */
public final class Bigram extends LanguageModel {
  private final Config config;
  private final Embedding tokens; // [vocabulary, hidden]
  private final Linear head; // [vocabulary, hidden]

  Bigram(Config config) {
    this.config = config;
    tokens = register("tokens", Embedding.zeros(config.vocabularySize, config.hiddenSize));
    head = register("head", Linear.zeros(config.hiddenSize, config.vocabularySize, false));
  }

  @Override
  protected Tensor logits(Tensor ids, @Nullable KeyValueCache cache) {
    return head.forward(tokens.forward(ids)); // [batch, sequence, vocabulary]
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public long vocabularySize() {
    return config.vocabularySize;
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

  /** Its shape. */
  public record Config(long vocabularySize, long hiddenSize) implements ModelConfig {
    static final ModelKind KIND =
        new ModelKind(List.of("bigram"), Config::read, List.of("bigram"), Config::read);

    public Config {
      Sizes.positive("vocab_size", vocabularySize);
      Sizes.positive("hidden_size", hiddenSize);
    }

    static Config read(ConfigMap map, List<String> notes) {
      map.allow("name", "model_type", "architectures", "dtype", "sparsity");
      var config = new Config(map.integer("vocab_size"), map.integer("hidden_size"));
      map.rejectUnknown();
      return config;
    }

    @Override
    public String modelType() {
      return "bigram";
    }

    @Override
    public Map<String, @Nullable Object> toHuggingFace() {
      return Map.of(
          "model_type", modelType(), "vocab_size", vocabularySize, "hidden_size", hiddenSize);
    }

    @Override
    public List<ParameterSpec> parameters() {
      var initializers = Initializers.normal(0.02);
      var table = new ParameterTable();
      table.weight("tokens", "tokens", initializers.embedding(), vocabularySize, hiddenSize);
      table.weight("head", "head", initializers.head(), vocabularySize, hiddenSize);
      return table.specs();
    }

    @Override
    public Bigram allocate() {
      return new Bigram(this);
    }
  }
}
