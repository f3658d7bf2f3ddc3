package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.nn.Initializer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a vision transformer (Dosovitskiy et al. 2020, arXiv:2010.11929).
 *
 * @param imageSize height and width of the pictures
 * @param patchSize height and width of a patch
 * @param queryKeyValueBias whether the query, key and value projections have biases
 */
public record VitConfig(
    long imageSize,
    long patchSize,
    long channels,
    long hiddenSize,
    long intermediateSize,
    long layers,
    long heads,
    double normEpsilon,
    Activation activation,
    boolean queryKeyValueBias,
    Dropouts dropouts,
    double initializerRange,
    long classes)
    implements ModelConfig {
  static final ModelKind KIND =
      new ModelKind(
          List.of("vit"),
          VitConfig::fromHuggingFace,
          List.of("vision_transformer", "vit"),
          VitConfig::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or sizes that do not fit each
   *     other
   */
  public VitConfig {
    Sizes.positive("image_size", imageSize);
    Sizes.positive("patch_size", patchSize);
    Sizes.positive("num_channels", channels);
    Sizes.positive("hidden_size", hiddenSize);
    Sizes.positive("intermediate_size", intermediateSize);
    Sizes.between("num_hidden_layers", layers, 1, 10_000);
    Sizes.positive("num_attention_heads", heads);
    Sizes.positive("num_labels", classes);
    Sizes.multiple("image_size", imageSize, "patch_size", patchSize);
    Sizes.multiple("hidden_size", hiddenSize, "num_attention_heads", heads);
  }

  /** The length of the sequence: the patches and the class token. */
  long positions() {
    long side = imageSize / patchSize;
    return side * side + 1;
  }

  /** From the keys and values of a {@code config.json}. */
  public static VitConfig of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "VitConfig").asMap(), new ArrayList<>());
  }

  static VitConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    double dropout = config.number("hidden_dropout_prob", 0);
    var result =
        new VitConfig(
            square(config, "image_size", 224),
            square(config, "patch_size", 16),
            config.integer("num_channels", 3),
            config.integer("hidden_size", 768),
            config.integer("intermediate_size", 3072),
            config.integer("num_hidden_layers", 12),
            config.integer("num_attention_heads", 12),
            config.number("layer_norm_eps", 1e-12),
            Activation.read(config, "hidden_act", Activation.GELU),
            config.flag("qkv_bias", true),
            new Dropouts(dropout, config.number("attention_probs_dropout_prob", 0), dropout),
            config.number("initializer_range", 0.02),
            HuggingFaceKeys.classes(config));
    HuggingFaceKeys.finish(
        config, notes, "encoder_stride", "pooler_act", "pooler_output_size", "tie_word_embeddings");
    return result;
  }

  static VitConfig fromModelZoo(ConfigMap map, List<String> notes) {
    var block = new ModelZooBlock(map, notes);
    block.only("position_embedding_type", "learned");
    block.only("attention_type", "scaled_dot_product");
    block.only("use_ffn_bias_in_attention", true);
    block.only("use_ffn_bias", true);
    block.only("norm_first", true);
    block.only("use_conv_patchified_embedding", true);
    block.only("prepend_cls_token", true);
    block.only("use_encoder_pooler_layer", false);
    map.allow("pooler_nonlinearity");
    double dropout = block.number("dropout_rate", 0);
    var result =
        new VitConfig(
            square(map, "image_size", 224),
            square(map, "patch_size", 16),
            block.integer("num_channels", 3),
            block.integer("hidden_size", 768),
            block.integer("filter_size", 3072),
            block.integer("num_hidden_layers", 12),
            block.integer("num_heads", 12),
            block.number("layer_norm_epsilon", 1e-5),
            Activation.read(map, "nonlinearity", Activation.GELU),
            block.flag("use_projection_bias_in_attention", true),
            new Dropouts(
                Objects.requireNonNullElse(block.number("embedding_dropout_rate"), dropout),
                Objects.requireNonNullElse(block.number("attention_dropout_rate"), dropout),
                dropout),
            block.number("initializer_range", 0.02),
            block.integer("num_classes", 2));
    block.finish();
    return result;
  }

  /** A side, given as a number or as two equal ones. */
  private static long square(ConfigMap map, String key, long fallback) {
    if (map.get(key).isEmpty()) {
      return map.integer(key, fallback);
    }
    ConfigNode node = map.require(key);
    List<Long> sides = node.asList().items().stream().map(ConfigNode::asLong).toList();
    if (sides.isEmpty() || sides.size() > 2 || !sides.getFirst().equals(sides.getLast())) {
      throw node.error("must be one number or two equal ones, found " + sides);
    }
    return sides.getFirst();
  }

  @Override
  public String modelType() {
    return "vit";
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("architectures", List.of("ViTForImageClassification"));
    config.put("model_type", modelType());
    config.put("image_size", imageSize);
    config.put("patch_size", patchSize);
    config.put("num_channels", channels);
    config.put("hidden_size", hiddenSize);
    config.put("intermediate_size", intermediateSize);
    config.put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads);
    config.put("layer_norm_eps", normEpsilon);
    config.put("hidden_act", activation.huggingFaceName());
    config.put("qkv_bias", queryKeyValueBias);
    config.put("hidden_dropout_prob", dropouts.residual());
    config.put("attention_probs_dropout_prob", dropouts.attention());
    config.put("initializer_range", initializerRange);
    config.put("num_labels", classes);
    return config;
  }

  /** How all matrices begin. */
  Initializer initializer() {
    return new Initializer.TruncatedNormal(
        0, initializerRange, -2 * initializerRange, 2 * initializerRange);
  }

  @Override
  public Vit allocate() {
    return new Vit(this, OptionalLong.empty());
  }
}
