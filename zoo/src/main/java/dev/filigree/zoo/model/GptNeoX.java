package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Layer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import dev.filigree.nn.Rotary;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * GPT-NeoX and Pythia: rotary positions over a part of each head, attention and feed-forward block
 * side by side.
 */
public final class GptNeoX extends LanguageModel {
  private final GptNeoXConfig config;
  private final Decoder decoder;
  private final @Nullable Linear head; // [vocabulary, hidden]

  /** A network with its initial weights for seed 0. */
  public GptNeoX(GptNeoXConfig config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public GptNeoX(GptNeoXConfig config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  GptNeoX(GptNeoXConfig config, OptionalLong seed) {
    this.config = config;
    decoder = register("gpt_neox", new Decoder(config, activations));
    head =
        config.tiedEmbeddings()
            ? null
            : register(
                "embed_out", Linear.zeros(config.hiddenSize(), config.vocabularySize(), false));
    seed.ifPresent(this::initialize);
  }

  @Override
  protected Tensor logits(Tensor tokens, @Nullable KeyValueCache cache) {
    Tensor x = decoder.forward(tokens, cache); // [batch, sequence, hidden]
    return head == null ? decoder.embedIn.scores(x) : head.forward(x);
  }

  @Override
  public GptNeoXConfig config() {
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
    private final Embedding embedIn; // [vocabulary, hidden]
    private final LayerList<DecoderLayer> layers;
    private final LayerNorm norm; // [hidden]
    private final Rotary rotary;
    private final double dropout;
    private final Activations activations;

    Decoder(GptNeoXConfig config, Activations activations) {
      this.activations = activations;
      embedIn = register("embed_in", Embedding.zeros(config.vocabularySize(), config.hiddenSize()));
      layers =
          register(
              "layers",
              new LayerList<>(
                  IntStream.range(0, Math.toIntExact(config.layers()))
                      .mapToObj(i -> new DecoderLayer(config, i))
                      .toList()));
      norm = register("final_layer_norm", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
      rotary = new Rotary(config.rotary().frequencies(config.rotarySize()));
      dropout = config.dropouts().embedding();
    }

    Tensor forward(Tensor tokens, @Nullable KeyValueCache cache) {
      Tensor x = embedIn.forward(tokens); // [batch, sequence, hidden]
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

  /** x + attention(norm(x)) + mlp(norm(x)), or one after the other. */
  private static final class DecoderLayer extends Layer {
    private final LayerNorm attentionNorm; // [hidden]
    private final LayerNorm feedForwardNorm; // [hidden]
    private final SelfAttention attention;
    private final FeedForward feedForward;
    private final boolean parallel;
    private final double dropout;

    DecoderLayer(GptNeoXConfig config, int index) {
      attentionNorm =
          register("input_layernorm", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
      feedForwardNorm =
          register(
              "post_attention_layernorm", new LayerNorm(config.hiddenSize(), config.normEpsilon()));
      attention = register("attention", new SelfAttention(config, index));
      feedForward = register("mlp", new FeedForward(config));
      parallel = config.parallelResidual();
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(attentionNorm.forward(x), rotary, cache);
      Tensor withAttention = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(feedForwardNorm.forward(parallel ? x : withAttention));
      return withAttention.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Layer {
    private final GptNeoXConfig config;
    private final int index;
    private final Linear query; // [hidden, hidden]
    private final Linear key; // [hidden, hidden]
    private final Linear value; // [hidden, hidden]
    private final Linear output; // [hidden, hidden]

    SelfAttention(GptNeoXConfig config, int index) {
      this.config = config;
      this.index = index;
      long hidden = config.hiddenSize();
      query = register("q_proj", Linear.zeros(hidden, hidden, config.attentionBias()));
      key = register("k_proj", Linear.zeros(hidden, hidden, config.attentionBias()));
      value = register("v_proj", Linear.zeros(hidden, hidden, config.attentionBias()));
      output = register("dense", Linear.zeros(hidden, hidden, config.attentionBias()));
    }

    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      long start = cache == null ? 0 : cache.length();
      // [batch, heads, sequence, head_size]
      Tensor q = rotary.apply(Attention.splitHeads(query.forward(x), config.heads()), start);
      Tensor k = rotary.apply(Attention.splitHeads(key.forward(x), config.heads()), start);
      Tensor v = Attention.splitHeads(value.forward(x), config.heads());
      if (cache != null) {
        k = cache.appendKeys(index, k);
        v = cache.appendValues(index, v);
      }
      double dropout = is_training() ? config.dropouts().attention() : 0;
      Tensor attended = Attention.causal(q, k, v, dropout, null, null);
      return output.forward(Attention.mergeHeads(attended));
    }
  }

  /** project(act(expand(x))). */
  private static final class FeedForward extends Layer {
    private final Linear expand; // [intermediate, hidden]
    private final Linear project; // [hidden, intermediate]
    private final Activation activation;

    FeedForward(GptNeoXConfig config) {
      long hidden = config.hiddenSize();
      long intermediate = config.intermediateSize();
      expand = register("dense_h_to_4h", Linear.zeros(hidden, intermediate, true));
      project = register("dense_4h_to_h", Linear.zeros(intermediate, hidden, true));
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      return project.forward(activation.apply(expand.forward(x)));
    }
  }
}
