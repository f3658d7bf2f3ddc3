package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a GPT-2 (Radford et al. 2019), GPT-3 (Brown et al. 2020, arXiv:2005.14165) or
 * Cerebras-GPT network.
 *
 * @param innerSize the inner size of the feed-forward block
 * @param contextLength the longest sequence
 * @param tiedEmbeddings whether the output head is the transposed token embedding
 * @param projectionBias whether the query, key and value projections have biases
 * @param outputBias whether the projection that ends the attention block has one
 * @param feedForwardBias whether the projections of the feed-forward block have biases
 * @param attentionScale what query · key is multiplied by; null for 1 / √head_size
 * @param endTokens ids that end a text
 */
public record Gpt2Config(
    long vocabularySize,
    long hiddenSize,
    long innerSize,
    long layers,
    long heads,
    long contextLength,
    double normEpsilon,
    Activation activation,
    boolean tiedEmbeddings,
    boolean projectionBias,
    boolean outputBias,
    boolean feedForwardBias,
    @Nullable Double attentionScale,
    MupScales scales,
    Dropouts dropouts,
    Initializers initializers,
    List<Long> endTokens)
    implements DecoderConfig {
  static final ModelKind KIND =
      new ModelKind(
          List.of("gpt2"),
          Gpt2Config::fromHuggingFace,
          List.of("gpt2", "gpt3"),
          Gpt2Config::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or sizes that do not fit each
   *     other
   */
  public Gpt2Config {
    Sizes.positive("vocab_size", vocabularySize);
    Sizes.positive("n_embd", hiddenSize);
    Sizes.positive("n_inner", innerSize);
    Sizes.between("n_layer", layers, 1, 10_000);
    Sizes.positive("n_head", heads);
    Sizes.positive("n_positions", contextLength);
    Sizes.multiple("n_embd", hiddenSize, "n_head", heads);
    endTokens = List.copyOf(endTokens);
  }

  /** From the keys and values of a {@code config.json}. */
  public static Gpt2Config of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "Gpt2Config").asMap(), new ArrayList<>());
  }

  static Gpt2Config fromHuggingFace(ConfigMap config, List<String> notes) {
    long hidden = config.integer("n_embd", 768);
    long layers = config.integer("n_layer", 12);
    long headSize = hidden / Math.max(1, config.integer("n_head", 12));
    HuggingFaceKeys.only(config, "scale_attn_by_inverse_layer_idx", false);
    HuggingFaceKeys.only(config, "add_cross_attention", false);
    var result =
        new Gpt2Config(
            config.integer("vocab_size", 50257),
            hidden,
            config.integer("n_inner", 4 * hidden),
            layers,
            config.integer("n_head", 12),
            config.integer("n_positions", 1024),
            config.number("layer_norm_epsilon", 1e-5),
            Activation.read(config, "activation_function", Activation.GELU_TANH),
            config.flag("tie_word_embeddings", true),
            true,
            true,
            true,
            attentionScale(config, headSize),
            new MupScales(
                config.number("mup_embeddings_scale", 1),
                config.number("mup_output_alpha", 1) * config.number("mup_width_scale", 1),
                1,
                1,
                false),
            new Dropouts(
                config.number("embd_pdrop", 0.1),
                config.number("attn_pdrop", 0.1),
                config.number("resid_pdrop", 0.1)),
            Initializers.depthScaled(config.number("initializer_range", 0.02), layers),
            HuggingFaceKeys.tokens(config, "eos_token_id"));
    HuggingFaceKeys.finish(
        config,
        notes,
        "n_ctx",
        "predict_special_tokens",
        "reorder_and_upcast_attn",
        "summary_activation",
        "summary_first_dropout",
        "summary_proj_to_labels",
        "summary_type",
        "summary_use_proj");
    return result;
  }

  private static @Nullable Double attentionScale(ConfigMap config, long headSize) {
    boolean scaled = config.flag("scale_attn_weights", true);
    boolean byHeadSize = config.flag("mup_scale_qk_dot_by_d", false);
    double alpha = config.number("attention_logits_alpha", 1);
    double scale = !scaled ? 1 : byHeadSize ? 1.0 / headSize : 1 / Math.sqrt((double) headSize);
    return scaled && !byHeadSize && alpha == 1 ? null : Double.valueOf(scale * alpha);
  }

  static Gpt2Config fromModelZoo(ConfigMap map, List<String> notes) {
    ModelZooDecoder zoo = ModelZooDecoder.read(map, notes, "layernorm", "learned");
    zoo.requirePlainAttention();
    return new Gpt2Config(
        zoo.vocabularySize(),
        zoo.hiddenSize(),
        zoo.filterSize(),
        zoo.layers(),
        zoo.heads(),
        zoo.contextLength(),
        zoo.normEpsilon(),
        zoo.activation(),
        zoo.tiedEmbeddings(),
        zoo.projectionBias(),
        zoo.outputBias(),
        zoo.feedForwardBias(),
        zoo.attentionScale(),
        zoo.scales(),
        zoo.dropouts(),
        zoo.initializers(),
        List.of());
  }

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("architectures", List.of("GPT2LMHeadModel"));
    config.put("model_type", modelType());
    config.put("vocab_size", vocabularySize);
    config.put("n_embd", hiddenSize);
    config.put("n_inner", innerSize);
    config.put("n_layer", layers);
    config.put("n_head", heads);
    config.put("n_positions", contextLength);
    config.put("layer_norm_epsilon", normEpsilon);
    config.put("activation_function", activation.huggingFaceName());
    config.put("tie_word_embeddings", tiedEmbeddings);
    config.put("embd_pdrop", dropouts.embedding());
    config.put("attn_pdrop", dropouts.attention());
    config.put("resid_pdrop", dropouts.residual());
    initializers.put(config);
    putScales(config);
    HuggingFaceKeys.putTokens(config, "eos_token_id", endTokens);
    return config;
  }

  /**
   * The scale of the attention, and keys of Cerebras's own networks for muP; a reader that ignores
   * those computes other logits.
   */
  private void putScales(Map<String, @Nullable Object> config) {
    long headSize = hiddenSize / heads;
    boolean byHeadSize = attentionScale != null && attentionScale == 1.0 / headSize;
    config.put("scale_attn_weights", attentionScale == null || byHeadSize);
    config.put("scale_attn_by_inverse_layer_idx", false);
    if (byHeadSize) {
      config.put("mup_scale_qk_dot_by_d", true);
    } else if (attentionScale != null && attentionScale != 1) {
      config.put("attention_logits_alpha", attentionScale);
    }
    if (scales.embeddings() != 1 || scales.logits() != 1) {
      config.put("mup_embeddings_scale", scales.embeddings());
      config.put("mup_output_alpha", scales.logits());
      config.put("mup_width_scale", 1.0);
    }
  }

  /**
   * Hugging Face's GPT-2 stores the weights of linear layers as [in, out], query, key and value as
   * one tensor, and always has biases: where we have none it gets zeros.
   */
  @Override
  public List<HuggingFaceTensor> huggingFaceTensors() {
    var table = new TensorTable(parameters());
    for (ParameterSpec spec : parameters()) {
      String name = spec.name();
      String layer = name.substring(0, name.lastIndexOf('.'));
      if (name.endsWith(".attn.q_proj.weight")) {
        String attention = layer.substring(0, layer.lastIndexOf('.'));
        table.packed(attention + ".c_attn", attention + ".%s_proj", List.of("q", "k", "v"));
      } else if (name.matches(".*\\.(c_proj|c_fc)\\.weight")) {
        table.transposed(layer);
      } else if (!name.matches(".*\\.([qkv]_proj|c_proj|c_fc)\\..*")) {
        table.same(name);
      }
    }
    return table.tensors();
  }

  @Override
  public Gpt2 allocate() {
    return new Gpt2(this, OptionalLong.empty());
  }
}
