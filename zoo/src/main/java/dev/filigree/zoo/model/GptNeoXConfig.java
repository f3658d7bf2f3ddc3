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
 * The shape of a GPT-NeoX (Black et al. 2022, arXiv:2204.06745) or Pythia network.
 *
 * @param contextLength the longest sequence
 * @param rotarySize components of a head that rotate
 * @param parallelResidual whether attention and feed-forward block read the same input and are
 *     added together
 * @param tiedEmbeddings whether the output head is the transposed token embedding
 * @param attentionBias whether the projections of attention have biases
 * @param endTokens ids that end a text
 */
public record GptNeoXConfig(
    long vocabularySize,
    long hiddenSize,
    long intermediateSize,
    long layers,
    long heads,
    long contextLength,
    double normEpsilon,
    Activation activation,
    RotaryConfig rotary,
    long rotarySize,
    boolean parallelResidual,
    boolean tiedEmbeddings,
    boolean attentionBias,
    Dropouts dropouts,
    Initializers initializers,
    List<Long> endTokens)
    implements DecoderConfig {
  static final ModelKind KIND =
      new ModelKind(
          List.of("gpt_neox"),
          GptNeoXConfig::fromHuggingFace,
          List.of("gptj", "gpt-neox", "gpt_neox"),
          GptNeoXConfig::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or sizes that do not fit each
   *     other
   */
  public GptNeoXConfig {
    Sizes.positive("vocab_size", vocabularySize);
    Sizes.positive("hidden_size", hiddenSize);
    Sizes.positive("intermediate_size", intermediateSize);
    Sizes.between("num_hidden_layers", layers, 1, 10_000);
    Sizes.positive("num_attention_heads", heads);
    Sizes.positive("max_position_embeddings", contextLength);
    Sizes.multiple("hidden_size", hiddenSize, "num_attention_heads", heads);
    Sizes.between("the number of rotary components", rotarySize, 2, hiddenSize / heads);
    Sizes.multiple("the number of rotary components", rotarySize, "2", 2);
    endTokens = List.copyOf(endTokens);
  }

  /** From the keys and values of a {@code config.json}. */
  public static GptNeoXConfig of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "GptNeoXConfig").asMap(), new ArrayList<>());
  }

  static GptNeoXConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    long hidden = config.integer("hidden_size", 6144);
    long heads = config.integer("num_attention_heads", 64);
    long headSize = hidden / Math.max(1, heads);
    double dropout = config.number("hidden_dropout", 0);
    var result =
        new GptNeoXConfig(
            config.integer("vocab_size", 50432),
            hidden,
            config.integer("intermediate_size", 24576),
            config.integer("num_hidden_layers", 44),
            heads,
            config.integer("max_position_embeddings", 2048),
            config.number("layer_norm_eps", 1e-5),
            Activation.read(config, "hidden_act", Activation.GELU),
            RotaryKeys.NEOX.read(config),
            (long) (headSize * RotaryKeys.NEOX.readPart(config)),
            config.flag("use_parallel_residual", true),
            config.flag("tie_word_embeddings", false),
            config.flag("attention_bias", true),
            new Dropouts(dropout, config.number("attention_dropout", 0), dropout),
            Initializers.normal(config.number("initializer_range", 0.02)),
            HuggingFaceKeys.tokens(config, "eos_token_id"));
    HuggingFaceKeys.finish(
        config, notes, "attention_probs_dropout_prob", "classifier_dropout", "hidden_dropout_prob");
    return result;
  }

  static GptNeoXConfig fromModelZoo(ConfigMap map, List<String> notes) {
    if (!map.flag("use_untied_layer_norm", false)) {
      throw map.error("GPT-J (use_untied_layer_norm: false) is not supported, GPT-NeoX (true) is");
    }
    ModelZooDecoder zoo = ModelZooDecoder.read(map, notes, "layernorm", "rotary");
    zoo.requirePlainAttention();
    zoo.requireNoMup();
    if (zoo.projectionBias() != zoo.outputBias() || !zoo.feedForwardBias()) {
      throw map.error(
          "use_projection_bias_in_attention and use_ffn_bias_in_attention must be equal, and"
              + " use_ffn_bias must be true");
    }
    long headSize = zoo.hiddenSize() / Math.max(1, zoo.heads());
    return new GptNeoXConfig(
        zoo.vocabularySize(),
        zoo.hiddenSize(),
        zoo.filterSize(),
        zoo.layers(),
        zoo.heads(),
        zoo.contextLength(),
        zoo.normEpsilon(),
        zoo.activation(),
        zoo.rotary(),
        zoo.rotarySize() == null ? headSize / 4 : zoo.rotarySize(),
        true,
        zoo.tiedEmbeddings(),
        zoo.outputBias(),
        zoo.dropouts(),
        zoo.initializers(),
        List.of());
  }

  @Override
  public String modelType() {
    return "gpt_neox";
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("architectures", List.of("GPTNeoXForCausalLM"));
    config.put("model_type", modelType());
    config.put("vocab_size", vocabularySize);
    config.put("hidden_size", hiddenSize);
    config.put("intermediate_size", intermediateSize);
    config.put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads);
    config.put("max_position_embeddings", contextLength);
    config.put("layer_norm_eps", normEpsilon);
    config.put("hidden_act", activation.huggingFaceName());
    RotaryKeys.NEOX.put(config, rotary, rotarySize, hiddenSize / heads);
    config.put("use_parallel_residual", parallelResidual);
    config.put("tie_word_embeddings", tiedEmbeddings);
    config.put("attention_bias", attentionBias);
    config.put("attention_dropout", dropouts.attention());
    config.put("hidden_dropout", dropouts.residual());
    initializers.put(config);
    HuggingFaceKeys.putTokens(config, "eos_token_id", endTokens);
    return config;
  }

  /** Hugging Face stores query, key and value of each head together, as one tensor. */
  @Override
  public List<HuggingFaceTensor> huggingFaceTensors() {
    List<ParameterSpec> parameters = parameters();
    var table = new TensorTable(parameters);
    for (ParameterSpec spec : parameters) {
      if (spec.name().endsWith(".attention.q_proj.weight")) {
        String attention = spec.name().substring(0, spec.name().indexOf("q_proj"));
        table.byHead(
            attention + "query_key_value",
            attention + "%s_proj",
            List.of("q", "k", "v"),
            heads,
            attentionBias);
      } else if (!spec.name().matches(".*\\.attention\\.[qkv]_proj\\..*")) {
        table.same(spec.name());
      }
    }
    return table.tensors();
  }

  @Override
  public GptNeoX allocate() {
    return new GptNeoX(this, OptionalLong.empty());
  }
}
