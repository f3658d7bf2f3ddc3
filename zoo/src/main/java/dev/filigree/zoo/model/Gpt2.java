package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2, GPT-3 and Cerebras-GPT: learned positions, layer normalization before each block,
 * multi-head attention, a feed-forward block of two layers.
 */
public final class Gpt2 extends Decoder<Gpt2Config> {
  private final Transformer transformer;

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
    super(config);
    transformer = part("transformer", "", new Transformer(config, activations));
    head("lm_head");
    seed.ifPresent(this::initialize);
  }

  @Override
  Tensor hidden(Tensor tokens, @Nullable KeyValueCache cache) {
    return transformer.forward(tokens, cache);
  }

  @Override
  Embedding embedding() {
    return transformer.tokens;
  }

  @Override
  double logitScale() {
    return config.scales().logits();
  }

  /** Token and position embeddings, the layers, the last normalization. */
  private static final class Transformer extends Part {
    private final Gpt2Config config;
    private final Embedding tokens; // [vocabulary, hidden]
    private final Embedding positions; // [context, hidden]
    private final LayerList<Block> blocks;
    private final LayerNorm norm; // [hidden]
    private final Activations activations;

    Transformer(Gpt2Config config, Activations activations) {
      this.config = config;
      this.activations = activations;
      long hidden = config.hiddenSize();
      var initial = config.initializers().embedding();
      tokens =
          embedding(
              "wte", "embedding_layer.word_embeddings", initial, config.vocabularySize(), hidden);
      positions =
          embedding(
              "wpe",
              "embedding_layer.position_embeddings",
              initial,
              config.contextLength(),
              hidden);
      blocks = parts("h", "transformer_decoder.layers", config.layers(), i -> new Block(config, i));
      norm = layerNorm("ln_f", "transformer_decoder.norm", hidden, config.normEpsilon());
    }

    Tensor forward(Tensor ids, @Nullable KeyValueCache cache) {
      long start = cache == null ? 0 : cache.length();
      var options = new TensorOptions(ids.device()).dtype(new ScalarTypeOptional(ScalarType.Long));
      Tensor places =
          torch.arange(new Scalar(start), new Scalar(start + ids.size(1)), options); // [sequence]
      // [batch, sequence, hidden]
      Tensor x = ResidualStream.of(tokens.forward(ids).add(positions.forward(places)));
      x = scaled(x, config.scales().embeddings());
      x = torch.dropout(x, config.dropouts().embedding(), is_training());
      x = activations.through(blocks, x, (block, input) -> block.forward(input, cache));
      if (cache != null) {
        cache.advance(ids.size(1));
      }
      return norm.forward(x);
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class Block extends Part {
    private final LayerNorm attentionNorm; // [hidden]
    private final SelfAttention attention;
    private final LayerNorm feedForwardNorm; // [hidden]
    private final FeedForward feedForward;
    private final double dropout;

    Block(Gpt2Config config, int index) {
      attentionNorm = layerNorm("ln_1", "norm1", config.hiddenSize(), config.normEpsilon());
      attention = part("attn", "self_attn", new SelfAttention(config, index));
      feedForwardNorm = layerNorm("ln_2", "norm3", config.hiddenSize(), config.normEpsilon());
      feedForward = part("mlp", "ffn.ffn", new FeedForward(config));
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x, @Nullable KeyValueCache cache) {
      Tensor attended = attention.forward(attentionNorm.forward(x), cache);
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor fed = feedForward.forward(feedForwardNorm.forward(x));
      return x.add(torch.dropout(fed, dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Part {
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
      boolean bias = config.projectionBias();
      var initial = config.initializers();
      learningRateScale(config.scales().hiddenLearningRate());
      query = linear("q_proj", "proj_q_dense_layer", initial.attention(), hidden, hidden, bias);
      key = linear("k_proj", "proj_k_dense_layer", initial.attention(), hidden, hidden, bias);
      value = linear("v_proj", "proj_v_dense_layer", initial.attention(), hidden, hidden, bias);
      output =
          linear(
              "c_proj",
              "proj_output_dense_layer",
              initial.attentionOutput(),
              hidden,
              hidden,
              config.outputBias());
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
  private static final class FeedForward extends Part {
    private final Linear expand; // [inner, hidden]
    private final Linear project; // [hidden, inner]
    private final Activation activation;

    FeedForward(Gpt2Config config) {
      long hidden = config.hiddenSize();
      long inner = config.innerSize();
      boolean bias = config.feedForwardBias();
      var initial = config.initializers();
      learningRateScale(config.scales().hiddenLearningRate());
      expand = linear("c_fc", "0.linear_layer", initial.feedForward(), hidden, inner, bias);
      learningRateScale(config.scales().filterLearningRate());
      project =
          linear("c_proj", "1.linear_layer", initial.feedForwardOutput(), inner, hidden, bias);
      activation = config.activation();
    }

    Tensor forward(Tensor x) {
      return project.forward(activation.apply(expand.forward(x)));
    }
  }
}
