package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.nn.Initializer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the decoders of the Model Zoo (gpt2, gpt3, llama, mistral, gptj) have in common in their
 * {@code model} block.
 *
 * @param filterSize the inner size of the feed-forward block
 * @param keyValueHeads {@code extra_attention_params.num_kv_groups}, or the number of heads
 * @param rotarySize components of a head that rotate
 * @param nonlinearity as the file has it; {@code swiglu} and others ending in {@code glu} are gated
 * @param attentionScale what query · key is multiplied by; null for 1 / √head_size
 * @param scales of muP; all 1 without it
 */
record ModelZooDecoder(
    ConfigMap map,
    long vocabularySize,
    long hiddenSize,
    long filterSize,
    long layers,
    long heads,
    long keyValueHeads,
    long contextLength,
    @Nullable Long slidingWindow,
    double normEpsilon,
    String nonlinearity,
    RotaryConfig rotary,
    @Nullable Long rotarySize,
    boolean tiedEmbeddings,
    boolean projectionBias,
    boolean outputBias,
    boolean feedForwardBias,
    @Nullable Double attentionScale,
    MupScales scales,
    Dropouts dropouts,
    Initializers initializers) {
  private static final List<String> MUP_KEYS =
      List.of(
          "mup_base_hidden_size",
          "embeddings_scale",
          "output_logits_scale",
          "scale_qk_dot_by_d",
          "attention_logits_alpha",
          "attention_type");

  ModelZooDecoder {
    Sizes.positive("hidden_size", hiddenSize);
    Sizes.positive("num_heads", heads);
    Sizes.positive("num_kv_groups", keyValueHeads);
    Sizes.positive("filter_size", filterSize);
    Sizes.multiple("hidden_size", hiddenSize, "num_heads", heads);
    Sizes.multiple("num_heads", heads, "num_kv_groups", keyValueHeads);
  }

  /**
   * Reads the block.
   *
   * @param norm the {@code norm_type} that the network has
   * @param positions the {@code position_embedding_type} that the network has
   */
  static ModelZooDecoder read(ConfigMap map, List<String> notes, String norm, String positions) {
    var block = new ModelZooBlock(map, notes);
    rejectUnsupported(block);
    requireKind(block, "norm_type", "layernorm", norm);
    requireKind(block, "position_embedding_type", "learned", positions);
    block.loss();
    ModelZooDecoder decoder = decoder(block);
    block.finish();
    return decoder;
  }

  private static ModelZooDecoder decoder(ModelZooBlock block) {
    long hidden = block.integer("hidden_size", 768);
    long heads = block.integer("num_heads", 12);
    long layers = block.integer("num_hidden_layers", 12);
    long filter = block.integer("filter_size", 3072);
    double dropout = block.number("dropout_rate", 0.1);
    MupScales scales = MupScales.read(block, hidden, filter);
    return new ModelZooDecoder(
        block.map(),
        block.integer("vocab_size", 50257),
        hidden,
        filter,
        layers,
        heads,
        keyValueHeads(block, heads),
        block.integer("max_position_embeddings", 1024),
        block.map().get("attention_sliding_window_length").map(ConfigNode::asLong).orElse(null),
        block.number("layer_norm_epsilon", 1e-5),
        block.map().string("nonlinearity", "gelu"),
        rotary(block),
        block.map().get("rotary_dim").map(ConfigNode::asLong).orElse(null),
        block.flag("share_embedding_weights", true),
        block.flag("use_projection_bias_in_attention", true),
        block.flag("use_ffn_bias_in_attention", true),
        block.flag("use_ffn_bias", true),
        attentionScale(block, hidden / Math.max(1, heads)),
        scales,
        new Dropouts(
            block
                .map()
                .get("embedding_dropout_rate", "embd_pdrop")
                .map(ConfigNode::asDouble)
                .orElse(dropout),
            Objects.requireNonNullElse(block.number("attention_dropout_rate"), dropout),
            Objects.requireNonNullElse(block.number("residual_dropout_rate"), dropout)),
        initializers(block, layers, scales));
  }

  private static void rejectUnsupported(ModelZooBlock block) {
    block.only("num_extra_input_vocab_tokens", 0);
    block.only("position_embedding_offset", 0);
    block.only("norm_first", true);
    block.only("use_position_embedding", true);
    block.only("rel_distance_mode", "default");
    block.only("label_smoothing", 0);
    block.unsupported(
        "alibi_trainable_slopes",
        "attention_chunk_size",
        "attention_inner_dim",
        "attention_logit_softcapping",
        "attention_qk_norm_layer",
        "attention_sink_tokens",
        "attention_vertical_column_spacing",
        "attention_vertical_column_width",
        "constant_pos_embedding",
        "cross_attention_layers",
        "dtype",
        "embedding_layer_norm",
        "extra_ffn_params",
        "final_logit_softcapping",
        "fixed_sparse_attention",
        "lr_adjustment_groups",
        "memory_tokens",
        "moe",
        "moe_params",
        "norm_first_sandwich",
        "rel_distance_extra_args",
        "scale_qk_dot_by_layer_idx",
        "sliding_window_every_other_decoder_layer",
        "use_bias_in_output",
        "use_ff_layer1_dropout");
    // They only have a meaning beside keys that are not supported.
    block.map().allow("attention_qk_norm_eps", "num_relative_attention_buckets");
  }

  private static void requireKind(
      ModelZooBlock block, String key, String fallback, String supported) {
    if (!block.map().has(key) && !fallback.equals(supported)) {
      throw block.map().error("'%s' must be given, as %s".formatted(key, supported));
    }
    block.only(key, supported);
  }

  private static long keyValueHeads(ModelZooBlock block, long heads) {
    block.only("attention_module", "aiayn_attention", "multiquery_attention");
    ConfigMap extra = block.map().map("extra_attention_params");
    extra.allow("attention_kernel");
    boolean grouped =
        block.map().string("attention_module", "aiayn_attention").equals("multiquery_attention");
    long groups = grouped ? extra.integer("num_kv_groups") : heads;
    extra.rejectUnknown();
    return groups;
  }

  private static RotaryConfig rotary(ModelZooBlock block) {
    double factor = block.number("pos_scaling_factor", 1);
    ConfigMap extra = block.map().map("pos_scaling_extra_args");
    String type = block.map().string("pos_scaling_type", "linear");
    block.only("pos_scaling_type", "linear", "llama3");
    RotaryConfig.Scaling scaling =
        switch (type) {
          case "llama3" ->
              new RotaryConfig.Llama3(
                  factor,
                  extra.number("low_freq_factor", 1),
                  extra.number("high_freq_factor", 4),
                  extra.integer("original_max_position_embeddings", 8192));
          default -> factor == 1 ? new RotaryConfig.None() : new RotaryConfig.LinearScaling(factor);
        };
    extra.rejectUnknown();
    return new RotaryConfig(block.number("rope_theta", 10_000), scaling);
  }

  private static @Nullable Double attentionScale(ModelZooBlock block, long headSize) {
    block.only("attention_type", "scaled_dot_product", "dot_product");
    boolean scaled =
        block.map().string("attention_type", "scaled_dot_product").equals("scaled_dot_product");
    boolean byD = block.flag("scale_qk_dot_by_d", false);
    double alpha = block.number("attention_logits_alpha", 1);
    if (scaled && !byD && alpha == 1) {
      return null;
    }
    return alpha * (scaled ? byD ? 1.0 / headSize : 1 / Math.sqrt((double) headSize) : 1);
  }

  private static Initializers initializers(ModelZooBlock block, long layers, MupScales scales) {
    double std = block.number("initializer_range", 0.02);
    Initializer standard = new Initializer.TruncatedNormal(0, std, -2 * std, 2 * std);
    double depth = 1 / Math.sqrt(2.0 * Math.max(1, layers));
    Initializer given = block.initializer("initializer");
    Initializer attention = given == null ? standard : given;
    Initializer feedForward = orElse(block.initializer("ffn_initializer"), attention);
    Initializer givenOutput = block.initializer("output_layer_initializer");
    Initializer output =
        givenOutput != null ? givenOutput : given != null ? given : standard.scaled(depth);
    Initializer givenFeedForwardOutput = block.initializer("ffn_output_layer_initializer");
    Initializer feedForwardOutput = orElse(givenFeedForwardOutput, output);
    if (scales.fromBase()) {
      double width = Math.sqrt(scales.hiddenLearningRate());
      attention = attention.scaled(width);
      feedForward = feedForward.scaled(width);
      output = orElse(givenOutput, standard).scaled(width * depth);
      feedForwardOutput =
          orElse(givenFeedForwardOutput, standard)
              .scaled(Math.sqrt(scales.filterLearningRate()) * depth);
    }
    return new Initializers(
        orElse(block.initializer("embedding_initializer"), standard),
        attention,
        output,
        feedForward,
        feedForwardOutput,
        new Initializer.Normal(0, std));
  }

  private static Initializer orElse(@Nullable Initializer initializer, Initializer fallback) {
    return initializer == null ? fallback : initializer;
  }

  /** The activation of a gated feed-forward block. */
  Activation gatedActivation() {
    return switch (nonlinearity) {
      case "swiglu" -> Activation.SILU;
      case "geglu" -> Activation.GELU;
      case "reglu" -> Activation.RELU;
      default ->
          throw map.require("nonlinearity")
              .error(
                  "'%s' is not supported; supported are geglu, reglu, swiglu"
                      .formatted(nonlinearity));
    };
  }

  /** The activation of a feed-forward block without gate. */
  Activation activation() {
    return Activation.read(map, "nonlinearity", Activation.GELU);
  }

  /** Throws where a network without them has grouped-query attention or a sliding window. */
  void requirePlainAttention() {
    if (keyValueHeads != heads) {
      throw map.require("extra_attention_params")
          .error("grouped-query attention is supported for llama and mistral only");
    }
    if (slidingWindow != null) {
      throw map.require("attention_sliding_window_length")
          .error("sliding windows are supported for llama and mistral only");
    }
  }

  /** Throws unless the network has no muP: the networks that cannot scale say so. */
  void requireNoMup() {
    if (!scales.equals(MupScales.NONE) || attentionScale != null) {
      throw MUP_KEYS.stream()
          .flatMap(key -> map.get(key).stream())
          .findFirst()
          .orElse(map)
          .error("muP and unscaled attention are supported for gpt2 and gpt3 only");
    }
  }
}
