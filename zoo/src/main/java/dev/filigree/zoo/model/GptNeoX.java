package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import dev.filigree.nn.Rotary;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * GPT-NeoX and Pythia: rotary positions over a part of each head, attention and feed-forward block
 * side by side.
 */
public final class GptNeoX extends Decoder<GptNeoXConfig> {
  private final Stack stack;

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
    super(config);
    stack = part("gpt_neox", "", new Stack(config, activations));
    head("embed_out");
    seed.ifPresent(this::initialize);
  }

  @Override
  Tensor hidden(Tensor tokens, @Nullable KeyValueCache cache) {
    return stack.forward(tokens, cache);
  }

  @Override
  Embedding embedding() {
    return stack.tokens;
  }

  private static final class Stack extends RotaryStack {
    private final LayerNorm norm; // [hidden]

    Stack(GptNeoXConfig config, Activations activations) {
      super(
          config,
          activations,
          new Rotary(config.rotary().frequencies(config.rotarySize())),
          "embed_in",
          i -> new DecoderLayer(config, i));
      norm =
          layerNorm(
              "final_layer_norm",
              "transformer_decoder.norm",
              config.hiddenSize(),
              config.normEpsilon());
    }

    @Override
    Tensor normalized(Tensor x) {
      return norm.forward(x);
    }
  }

  /** x + attention(norm(x)) + mlp(norm(x)), or one after the other. */
  private static final class DecoderLayer extends RotaryStack.Block {
    private final LayerNorm attentionNorm; // [hidden]
    private final LayerNorm feedForwardNorm; // [hidden]
    private final SelfAttention attention;
    private final FeedForward feedForward;
    private final boolean parallel;
    private final double dropout;

    DecoderLayer(GptNeoXConfig config, int index) {
      long hidden = config.hiddenSize();
      attentionNorm = layerNorm("input_layernorm", "norm1", hidden, config.normEpsilon());
      feedForwardNorm =
          layerNorm("post_attention_layernorm", "norm3", hidden, config.normEpsilon());
      attention = part("attention", "self_attn", new SelfAttention(config, index));
      feedForward = part("mlp", "ffn.ffn", new FeedForward(config));
      parallel = config.parallelResidual();
      dropout = config.dropouts().residual();
    }

    @Override
    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(attentionNorm.forward(x), rotary, cache);
      Tensor withAttention = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(feedForwardNorm.forward(parallel ? x : withAttention));
      return withAttention.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Part {
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
      boolean bias = config.attentionBias();
      var initial = config.initializers();
      query = linear("q_proj", "proj_q_dense_layer", initial.attention(), hidden, hidden, bias);
      key = linear("k_proj", "proj_k_dense_layer", initial.attention(), hidden, hidden, bias);
      value = linear("v_proj", "proj_v_dense_layer", initial.attention(), hidden, hidden, bias);
      output =
          linear(
              "dense", "proj_output_dense_layer", initial.attentionOutput(), hidden, hidden, bias);
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
  private static final class FeedForward extends Part {
    private final Linear expand; // [intermediate, hidden]
    private final Linear project; // [hidden, intermediate]
    private final Activation activation;

    FeedForward(GptNeoXConfig config) {
      long hidden = config.hiddenSize();
      long inner = config.intermediateSize();
      var initial = config.initializers();
      expand =
          linear("dense_h_to_4h", "0.linear_layer", initial.feedForward(), hidden, inner, true);
      project =
          linear(
              "dense_4h_to_h", "1.linear_layer", initial.feedForwardOutput(), inner, hidden, true);
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      return project.forward(activation.apply(expand.forward(x)));
    }
  }
}
