package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a Llama (Touvron et al. 2023, arXiv:2302.13971) or Mistral network.
 *
 * @param modelType {@code llama} or {@code mistral}
 * @param keyValueHeads fewer than heads in grouped-query attention
 * @param headSize components of one head
 * @param contextLength the longest sequence
 * @param slidingWindow how many tokens a token sees, itself included; null for all
 * @param tiedEmbeddings whether the output head is the transposed token embedding
 * @param attentionBias whether the four projections of attention have biases
 * @param feedForwardBias whether the three projections of the feed-forward block have biases
 * @param endTokens ids that end a text
 */
public record LlamaConfig(
    String modelType,
    long vocabularySize,
    long hiddenSize,
    long intermediateSize,
    long layers,
    long heads,
    long keyValueHeads,
    long headSize,
    long contextLength,
    @Nullable Long slidingWindow,
    double normEpsilon,
    Activation activation,
    RotaryConfig rotary,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean feedForwardBias,
    Dropouts dropouts,
    Initializers initializers,
    List<Long> endTokens)
    implements DecoderConfig {
  static final ModelKind KIND =
      new ModelKind(
          List.of("llama", "mistral"),
          LlamaConfig::fromHuggingFace,
          List.of("llama", "mistral"),
          LlamaConfig::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or sizes that do not fit each
   *     other
   */
  public LlamaConfig {
    Sizes.positive("vocab_size", vocabularySize);
    Sizes.positive("hidden_size", hiddenSize);
    Sizes.positive("intermediate_size", intermediateSize);
    Sizes.between("num_hidden_layers", layers, 1, 10_000);
    Sizes.positive("num_attention_heads", heads);
    Sizes.positive("num_key_value_heads", keyValueHeads);
    Sizes.positive("head_dim", headSize);
    Sizes.positive("max_position_embeddings", contextLength);
    Sizes.multiple("num_attention_heads", heads, "num_key_value_heads", keyValueHeads);
    Sizes.multiple("head_dim", headSize, "2", 2);
    if (slidingWindow != null) {
      Sizes.positive("sliding_window", slidingWindow);
    }
    boolean mistral = modelType.equals("mistral");
    boolean biases = attentionBias || feedForwardBias;
    if (mistral ? biases : slidingWindow != null) {
      // Read elsewhere, the network would compute something else.
      throw new IllegalArgumentException(
          "llama has no sliding window and mistral no biases: a network cannot have both");
    }
    endTokens = List.copyOf(endTokens);
  }

  /**
   * From the keys and values of a {@code config.json}, for example {@code Map.of("vocab_size", 256,
   * "hidden_size", 64, "intermediate_size", 172, "num_hidden_layers", 2, "num_attention_heads",
   * 4)}.
   */
  public static LlamaConfig of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "LlamaConfig").asMap(), new ArrayList<>());
  }

  static LlamaConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    long hiddenSize = config.integer("hidden_size", 4096);
    long heads = config.integer("num_attention_heads", 32);
    String type = config.string("model_type", "llama");
    boolean mistral = type.equals("mistral");
    if (RotaryKeys.LLAMA.readPart(config) != 1) {
      throw config.error(
          "partial_rotary_factor must be 1: in %s the whole head rotates".formatted(type));
    }
    if (mistral) {
      HuggingFaceKeys.only(config, "attention_bias", false);
      HuggingFaceKeys.only(config, "mlp_bias", false);
    }
    var result =
        new LlamaConfig(
            type,
            config.integer("vocab_size", 32000),
            hiddenSize,
            config.integer("intermediate_size", mistral ? 14336 : 11008),
            config.integer("num_hidden_layers", 32),
            heads,
            config.integer(
                "num_key_value_heads", mistral && !config.has("num_key_value_heads") ? 8 : heads),
            config.integer("head_dim", hiddenSize / Math.max(1, heads)),
            config.integer("max_position_embeddings", mistral ? 4096 * 32 : 2048),
            mistral ? slidingWindow(config) : null,
            config.number("rms_norm_eps", 1e-6),
            Activation.read(config, "hidden_act", Activation.SILU),
            RotaryKeys.LLAMA.read(config),
            config.flag("tie_word_embeddings", false),
            config.flag("attention_bias", false),
            config.flag("mlp_bias", false),
            new Dropouts(0, config.number("attention_dropout", 0), 0),
            Initializers.normal(config.number("initializer_range", 0.02)),
            HuggingFaceKeys.tokens(config, "eos_token_id"));
    if (!mistral) {
      HuggingFaceKeys.foreign(
          config, notes, type, "sliding_window", "use_sliding_window", "max_window_layers");
    }
    checkLayerTypes(config, result);
    HuggingFaceKeys.only(config, "rope_interleaved", false);
    HuggingFaceKeys.finish(
        config, notes, "is_llama_config", "max_sequence_length", "pretraining_tp");
    return result;
  }

  /** What newer files say of each layer must be what follows from the rest. */
  private static void checkLayerTypes(ConfigMap config, LlamaConfig result) {
    String expected = result.slidingWindow == null ? "full_attention" : "sliding_attention";
    config
        .get("layer_types")
        .filter(
            node ->
                !node.asList().items().stream().allMatch(item -> item.asString().equals(expected)))
        .ifPresent(
            node -> {
              throw node.error("supported is '%s' for every layer".formatted(expected));
            });
  }

  /**
   * Mistral's window: that of its first version where the key is missing, none where it is null.
   */
  private static @Nullable Long slidingWindow(ConfigMap config) {
    if (!config.has("sliding_window")) {
      return 4096L;
    }
    Long window = config.get("sliding_window").map(ConfigNode::asLong).orElse(null);
    if (window != null && !config.flag("use_sliding_window", true)) {
      throw config
          .require("use_sliding_window")
          .error("has no effect in mistral; without a window, sliding_window is null");
    }
    return window;
  }

  static LlamaConfig fromModelZoo(ConfigMap map, List<String> notes) {
    ModelZooDecoder zoo = ModelZooDecoder.read(map, notes, "rmsnorm", "rotary");
    zoo.requireNoMup();
    long headSize = zoo.hiddenSize() / Math.max(1, zoo.heads());
    if (zoo.rotarySize() != null && zoo.rotarySize() != headSize) {
      throw map.require("rotary_dim")
          .error("the whole head rotates: %d, found %d".formatted(headSize, zoo.rotarySize()));
    }
    if (zoo.projectionBias() != zoo.outputBias()) {
      throw map.error(
          "use_projection_bias_in_attention and use_ffn_bias_in_attention must be equal");
    }
    // The block allows windows and biases under both names.
    return new LlamaConfig(
        zoo.slidingWindow() != null
            ? "mistral"
            : zoo.outputBias() || zoo.feedForwardBias() ? "llama" : map.string("name"),
        zoo.vocabularySize(),
        zoo.hiddenSize(),
        zoo.filterSize(),
        zoo.layers(),
        zoo.heads(),
        zoo.keyValueHeads(),
        headSize,
        zoo.contextLength(),
        zoo.slidingWindow(),
        zoo.normEpsilon(),
        zoo.gatedActivation(),
        zoo.rotary(),
        zoo.tiedEmbeddings(),
        zoo.outputBias(),
        zoo.feedForwardBias(),
        zoo.dropouts(),
        zoo.initializers(),
        List.of());
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    boolean mistral = modelType.equals("mistral");
    config.put("architectures", List.of(mistral ? "MistralForCausalLM" : "LlamaForCausalLM"));
    config.put("model_type", modelType);
    config.put("vocab_size", vocabularySize);
    config.put("hidden_size", hiddenSize);
    config.put("intermediate_size", intermediateSize);
    config.put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads);
    config.put("num_key_value_heads", keyValueHeads);
    config.put("head_dim", headSize);
    config.put("max_position_embeddings", contextLength);
    if (mistral) {
      config.put("sliding_window", slidingWindow);
    }
    config.put("rms_norm_eps", normEpsilon);
    config.put("hidden_act", activation.huggingFaceName());
    RotaryKeys.LLAMA.put(config, rotary, headSize, headSize);
    config.put("tie_word_embeddings", tiedEmbeddings);
    config.put("attention_bias", attentionBias);
    config.put("mlp_bias", feedForwardBias);
    config.put("attention_dropout", dropouts.attention());
    initializers.put(config);
    HuggingFaceKeys.putTokens(config, "eos_token_id", endTokens);
    return config;
  }

  @Override
  public Llama allocate() {
    return new Llama(this, OptionalLong.empty());
  }
}
