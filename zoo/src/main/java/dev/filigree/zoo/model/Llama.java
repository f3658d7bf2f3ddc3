package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.Linear;
import dev.filigree.nn.RmsNorm;
import dev.filigree.nn.Rotary;
import dev.filigree.nn.SwiGlu;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Llama and Mistral: RMS normalization before each block, rotary positions, grouped-query attention
 * over all or a sliding window of the past, a gated feed-forward block (SwiGLU).
 */
public final class Llama extends Decoder<LlamaConfig> {
  private final Stack stack;

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
    super(config);
    stack = part("model", "", new Stack(config, activations));
    head("lm_head");
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
    private final RmsNorm norm; // [hidden]

    Stack(LlamaConfig config, Activations activations) {
      super(
          config,
          activations,
          new Rotary(config.rotary().frequencies(config.headSize())),
          "embed_tokens",
          i -> new DecoderLayer(config, i));
      norm = rmsNorm("norm", "transformer_decoder.norm", config.hiddenSize(), config.normEpsilon());
    }

    @Override
    Tensor normalized(Tensor x) {
      return norm.forward(x);
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class DecoderLayer extends RotaryStack.Block {
    private final RmsNorm inputNorm; // [hidden]
    private final SelfAttention attention;
    private final RmsNorm postAttentionNorm; // [hidden]
    private final FeedForward feedForward;
    private final double dropout;

    DecoderLayer(LlamaConfig config, int index) {
      long hidden = config.hiddenSize();
      inputNorm = rmsNorm("input_layernorm", "norm1", hidden, config.normEpsilon());
      attention = part("self_attn", "self_attn", new SelfAttention(config, index));
      postAttentionNorm =
          rmsNorm("post_attention_layernorm", "norm3", hidden, config.normEpsilon());
      feedForward = part("mlp", "ffn.ffn", new FeedForward(config));
      dropout = config.dropouts().residual();
    }

    @Override
    Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(inputNorm.forward(x), rotary, cache);
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(postAttentionNorm.forward(x));
      return x.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Part {
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
      boolean bias = config.attentionBias();
      var initial = config.initializers();
      query = linear("q_proj", "proj_q_dense_layer", initial.attention(), hidden, queries, bias);
      key = linear("k_proj", "proj_k_dense_layer", initial.attention(), hidden, keyValues, bias);
      value = linear("v_proj", "proj_v_dense_layer", initial.attention(), hidden, keyValues, bias);
      output =
          linear(
              "o_proj",
              "proj_output_dense_layer",
              initial.attentionOutput(),
              queries,
              hidden,
              bias);
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
  private static final class FeedForward extends Part {
    private final Linear gate; // [intermediate, hidden]
    private final Linear up; // [intermediate, hidden]
    private final Linear down; // [hidden, intermediate]
    private final Activation activation;

    FeedForward(LlamaConfig config) {
      long hidden = config.hiddenSize();
      long inner = config.intermediateSize();
      boolean bias = config.feedForwardBias();
      var initial = config.initializers();
      gate =
          linear("gate_proj", "0.linear_layer_for_glu", initial.feedForward(), hidden, inner, bias);
      up = linear("up_proj", "0.linear_layer", initial.feedForward(), hidden, inner, bias);
      down =
          linear("down_proj", "1.linear_layer", initial.feedForwardOutput(), inner, hidden, bias);
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      Tensor gated = gate.forward(x);
      Tensor inner = up.forward(x);
      return down.forward(
          activation == Activation.SILU
              ? SwiGlu.apply(gated, inner)
              : activation.apply(gated).mul(inner));
    }
  }
}
