package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Layer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.Linear;
import dev.filigree.nn.RmsNorm;
import dev.filigree.nn.Rotary;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Llama and Mistral: RMS normalization before each block, rotary positions, grouped-query attention
 * over all or a sliding window of the past, a gated feed-forward block (SwiGLU).
 */
public final class Llama extends LanguageModel {
  private final LlamaConfig config;
  private final Decoder decoder;
  private final @Nullable Linear head; // [vocabulary, hidden]

  /** A network with its initial weights for seed 0. */
  public Llama(LlamaConfig config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public Llama(LlamaConfig config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  Llama(LlamaConfig config, OptionalLong seed) {
    this.config = config;
    decoder = register("model", new Decoder(config, activations));
    head =
        config.tiedEmbeddings()
            ? null
            : register(
                "lm_head", Linear.zeros(config.hiddenSize(), config.vocabularySize(), false));
    seed.ifPresent(this::initialize);
  }

  @Override
  protected Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    Tensor x = decoder.forward(tokens, cache); // [batch, sequence, hidden]
    return head == null ? decoder.embedTokens.scores(x) : head.forward(x);
  }

  @Override
  public LlamaConfig config() {
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

  /** Token embeddings, the layers, the last normalization. */
  private static final class Decoder extends Layer {
    private final Embedding embedTokens; // [vocabulary, hidden]
    private final LayerList<DecoderLayer> layers;
    private final RmsNorm norm; // [hidden]
    private final Rotary rotary;
    private final double dropout;
    private final Activations activations;

    Decoder(LlamaConfig config, Activations activations) {
      this.activations = activations;
      embedTokens =
          register("embed_tokens", Embedding.zeros(config.vocabularySize(), config.hiddenSize()));
      layers =
          register(
              "layers",
              new LayerList<>(
                  IntStream.range(0, Math.toIntExact(config.layers()))
                      .mapToObj(i -> new DecoderLayer(config, i))
                      .toList()));
      norm = register("norm", new RmsNorm(config.hiddenSize(), config.normEpsilon()));
      rotary = new Rotary(config.rotary().frequencies(config.headSize()));
      dropout = config.dropouts().embedding();
    }

    Tensor forward(Tensor tokens, @Nullable KeyValueCache cache) {
      Tensor x = embedTokens.forward(tokens); // [batch, sequence, hidden]
      x = torch.dropout(x, dropout, is_training());
      for (DecoderLayer layer : layers) {
        x = activations.of(x, input -> layer.forward(input, rotary, cache));
      }
      if (cache != null) {
        cache.advance(tokens.size(1));
      }
      return norm.forward(x);
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class DecoderLayer extends Layer {
    private final RmsNorm inputNorm; // [hidden]
    private final SelfAttention attention;
    private final RmsNorm postAttentionNorm; // [hidden]
    private final FeedForward feedForward;
    private final double dropout;

    DecoderLayer(LlamaConfig config, int index) {
      inputNorm =
          register("input_layernorm", new RmsNorm(config.hiddenSize(), config.normEpsilon()));
      attention = register("self_attn", new SelfAttention(config, index));
      postAttentionNorm =
          register(
              "post_attention_layernorm", new RmsNorm(config.hiddenSize(), config.normEpsilon()));
      feedForward = register("mlp", new FeedForward(config));
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(inputNorm.forward(x), rotary, cache);
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(postAttentionNorm.forward(x));
      return x.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Layer {
    private final LlamaConfig config;
    private final int index;
    private final Linear query; // [heads · head_size, hidden]
    private final Linear key; // [key_value_heads · head_size, hidden]
    private final Linear value; // [key_value_heads · head_size, hidden]
    private final Linear output; // [hidden, heads · head_size]

    SelfAttention(LlamaConfig config, int index) {
      this.config = config;
      this.index = index;
      long hidden = config.hiddenSize();
      long queries = config.heads() * config.headSize();
      long keyValues = config.keyValueHeads() * config.headSize();
      query = register("q_proj", Linear.zeros(hidden, queries, config.attentionBias()));
      key = register("k_proj", Linear.zeros(hidden, keyValues, config.attentionBias()));
      value = register("v_proj", Linear.zeros(hidden, keyValues, config.attentionBias()));
      output = register("o_proj", Linear.zeros(queries, hidden, config.attentionBias()));
    }

    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      long start = cache == null ? 0 : cache.length();
      // [batch, (key_value_)heads, sequence, head_size]
      Tensor q = rotary.apply(Attention.splitHeads(query.forward(x), config.heads()), start);
      Tensor k = rotary.apply(Attention.splitHeads(key.forward(x), config.keyValueHeads()), start);
      Tensor v = Attention.splitHeads(value.forward(x), config.keyValueHeads());
      if (cache != null) {
        k = cache.appendKeys(index, k);
        v = cache.appendValues(index, v);
      }
      double dropout = is_training() ? config.dropouts().attention() : 0;
      Tensor attended = Attention.causal(q, k, v, dropout, null, config.slidingWindow());
      return output.forward(Attention.mergeHeads(attended));
    }
  }

  /** down(act(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202, equation 6). */
  private static final class FeedForward extends Layer {
    private final Linear gate; // [intermediate, hidden]
    private final Linear up; // [intermediate, hidden]
    private final Linear down; // [hidden, intermediate]
    private final Activation activation;

    FeedForward(LlamaConfig config) {
      long hidden = config.hiddenSize();
      long intermediate = config.intermediateSize();
      gate = register("gate_proj", Linear.zeros(hidden, intermediate, config.feedForwardBias()));
      up = register("up_proj", Linear.zeros(hidden, intermediate, config.feedForwardBias()));
      down = register("down_proj", Linear.zeros(intermediate, hidden, config.feedForwardBias()));
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      return down.forward(activation.apply(gate.forward(x)).mul(up.forward(x)));
    }
  }
}
