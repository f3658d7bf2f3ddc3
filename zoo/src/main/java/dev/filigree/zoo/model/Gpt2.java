package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Layer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2, GPT-3 and Cerebras-GPT: learned positions, layer normalization before each block,
 * multi-head attention, a feed-forward block of two layers.
 */
public final class Gpt2 extends LanguageModel {
  private final Gpt2Config config;
  private final Transformer transformer;
  private final @Nullable Linear head; // [vocabulary, hidden]

  /** A network with its initial weights for seed 0. */
  public Gpt2(Gpt2Config config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public Gpt2(Gpt2Config config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  Gpt2(Gpt2Config config, OptionalLong seed) {
    this.config = config;
    transformer = register("transformer", new Transformer(config, activations));
    head =
        config.tiedEmbeddings()
            ? null
            : register(
                "lm_head", Linear.zeros(config.hiddenSize(), config.vocabularySize(), false));
    seed.ifPresent(this::initialize);
  }

  @Override
  protected Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    Tensor x = transformer.forward(tokens, cache); // [batch, sequence, hidden]
    Tensor logits = head == null ? transformer.tokens.scores(x) : head.forward(x);
    return scaled(logits, config.scales().logits());
  }

  @Override
  public Gpt2Config config() {
    return config;
  }

  @Override
  public long contextLength() {
    return config.contextLength();
  }

  @Override
  public long vocabularySize() {
    return config.vocabularySize();
  }

  @Override
  public List<Long> endTokens() {
    return config.endTokens();
  }

  @Override
  protected KeyValueCache newCache() {
    return new KeyValueCache(config.layers(), config.contextLength());
  }

  private static Tensor scaled(Tensor x, double factor) {
    return factor == 1 ? x : x.mul(new Scalar(factor));
  }

  /** Token and position embeddings, the layers, the last normalization. */
  private static final class Transformer extends Layer {
    private final Gpt2Config config;
    private final Embedding tokens; // [vocabulary, hidden]
    private final Embedding positions; // [context, hidden]
    private final LayerList<Block> blocks;
    private final LayerNorm norm; // [hidden]
    private final Activations activations;

    Transformer(Gpt2Config config, Activations activations) {
      this.config = config;
      this.activations = activations;
      tokens = register("wte", Embedding.zeros(config.vocabularySize(), config.hiddenSize()));
      positions = register("wpe", Embedding.zeros(config.contextLength(), config.hiddenSize()));
      blocks =
          register(
              "h",
              new LayerList<>(
                  IntStream.range(0, Math.toIntExact(config.layers()))
                      .mapToObj(i -> new Block(config, i))
                      .toList()));
      norm = register("ln_f", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
    }

    Tensor forward(Tensor ids, @Nullable KeyValueCache cache) {
      long start = cache == null ? 0 : cache.length();
      var options = new TensorOptions(ids.device()).dtype(new ScalarTypeOptional(ScalarType.Long));
      Tensor places =
          torch.arange(new Scalar(start), new Scalar(start + ids.size(1)), options); // [sequence]
      Tensor x = tokens.forward(ids).add(positions.forward(places)); // [batch, sequence, hidden]
      x = scaled(x, config.scales().embeddings());
      x = torch.dropout(x, config.dropouts().embedding(), is_training());
      for (Block block : blocks) {
        x = activations.of(x, input -> block.forward(input, cache));
      }
      if (cache != null) {
        cache.advance(ids.size(1));
      }
      return norm.forward(x);
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class Block extends Layer {
    private final LayerNorm attentionNorm; // [hidden]
    private final SelfAttention attention;
    private final LayerNorm feedForwardNorm; // [hidden]
    private final FeedForward feedForward;
    private final double dropout;

    Block(Gpt2Config config, int index) {
      attentionNorm = register("ln_1", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
      attention = register("attn", new SelfAttention(config, index));
      feedForwardNorm = register("ln_2", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
      feedForward = register("mlp", new FeedForward(config));
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(attentionNorm.forward(x), cache);
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(feedForwardNorm.forward(x));
      return x.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Layer {
    private final Gpt2Config config;
    private final int index;
    private final Linear query; // [hidden, hidden]
    private final Linear key; // [hidden, hidden]
    private final Linear value; // [hidden, hidden]
    private final Linear output; // [hidden, hidden]

    SelfAttention(Gpt2Config config, int index) {
      this.config = config;
      this.index = index;
      long hidden = config.hiddenSize();
      query = register("q_proj", Linear.zeros(hidden, hidden, config.projectionBias()));
      key = register("k_proj", Linear.zeros(hidden, hidden, config.projectionBias()));
      value = register("v_proj", Linear.zeros(hidden, hidden, config.projectionBias()));
      output = register("c_proj", Linear.zeros(hidden, hidden, config.outputBias()));
    }

    Tensor forward(Tensor x, @Nullable KeyValueCache cache) {
      // [batch, heads, sequence, head_size]
      Tensor q = Attention.splitHeads(query.forward(x), config.heads());
      Tensor k = Attention.splitHeads(key.forward(x), config.heads());
      Tensor v = Attention.splitHeads(value.forward(x), config.heads());
      if (cache != null) {
        k = cache.appendKeys(index, k);
        v = cache.appendValues(index, v);
      }
      double dropout = is_training() ? config.dropouts().attention() : 0;
      Tensor attended = Attention.causal(q, k, v, dropout, config.attentionScale(), null);
      return output.forward(Attention.mergeHeads(attended));
    }
  }

  /** project(act(expand(x))). */
  private static final class FeedForward extends Layer {
    private final Linear expand; // [inner, hidden]
    private final Linear project; // [hidden, inner]
    private final Activation activation;

    FeedForward(Gpt2Config config) {
      long hidden = config.hiddenSize();
      long inner = config.innerSize();
      expand = register("c_fc", Linear.zeros(hidden, inner, config.feedForwardBias()));
      project = register("c_proj", Linear.zeros(inner, hidden, config.feedForwardBias()));
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      return project.forward(activation.apply(expand.forward(x)));
    }
  }
}
