package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a multilayer perceptron over flattened pictures. With hidden sizes 300 and 100 it is
 * LeNet-300-100 (LeCun et al. 1998), the usual first network of papers on pruning.
 *
 * @param inputSize channels · height · width
 * @param hiddenSizes the sizes of the hidden layers, in order
 * @param dropout the fraction of each hidden layer's outputs set to zero while training
 */
public record MlpConfig(
    long inputSize, List<Long> hiddenSizes, long classes, boolean bias, double dropout)
    implements ModelConfig {
  static final ModelKind KIND =
      new ModelKind(
          List.of("mlp"),
          MlpConfig::fromHuggingFace,
          List.of("mlp", "fc_mnist"),
          MlpConfig::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or a dropout outside [0, 1)
   */
  public MlpConfig {
    hiddenSizes = List.copyOf(hiddenSizes);
    Sizes.positive("input_size", inputSize);
    Sizes.between("the number of hidden layers", hiddenSizes.size(), 0, 10_000);
    hiddenSizes.forEach(size -> Sizes.positive("hidden_sizes", size));
    Sizes.positive("num_labels", classes);
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("dropout must be in [0, 1), found " + dropout);
    }
  }

  /** LeNet-300-100 for the 28 × 28 pictures and 10 digits of MNIST: 266,610 parameters. */
  public static MlpConfig leNet300() {
    return new MlpConfig(28 * 28, List.of(300L, 100L), 10, true, 0);
  }

  /** From the keys and values of a {@code config.json}. */
  public static MlpConfig of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "MlpConfig").asMap(), new ArrayList<>());
  }

  static MlpConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    var result =
        new MlpConfig(
            config.integer("input_size"),
            sizes(config.require("hidden_sizes")),
            config.integer("num_labels"),
            config.flag("bias", true),
            config.number("dropout", 0));
    HuggingFaceKeys.finish(config, notes);
    return result;
  }

  static MlpConfig fromModelZoo(ConfigMap map, List<String> notes) {
    var block = new ModelZooBlock(map, notes);
    block.only("activation_fn", "relu");
    block.only("disable_softmax", false);
    List<Long> hiddenSizes =
        map.get("hidden_sizes").map(MlpConfig::sizes).orElseGet(() -> equalSizes(block));
    map.allow("depth");
    map.allow("hidden_size");
    var result =
        new MlpConfig(
            block.integer("input_size", 28 * 28),
            hiddenSizes,
            block.integer("num_classes", 10),
            block.flag("use_bias", true),
            block.number("dropout", 0));
    block.finish();
    return result;
  }

  private static List<Long> equalSizes(ModelZooBlock block) {
    long depth = block.integer("depth", 1);
    Sizes.between("depth", depth, 0, 10_000);
    return Collections.nCopies((int) depth, block.integer("hidden_size", 50));
  }

  private static List<Long> sizes(ConfigNode node) {
    return node.asList().items().stream().map(ConfigNode::asLong).toList();
  }

  @Override
  public String modelType() {
    return "mlp";
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("model_type", modelType());
    config.put("input_size", inputSize);
    config.put("hidden_sizes", hiddenSizes);
    config.put("num_labels", classes);
    config.put("bias", bias);
    config.put("dropout", dropout);
    return config;
  }

  /** The sizes of all layers' inputs and of the output, in order. */
  List<Long> sizes() {
    var sizes = new ArrayList<Long>();
    sizes.add(inputSize);
    sizes.addAll(hiddenSizes);
    sizes.add(classes);
    return sizes;
  }

  @Override
  public Mlp allocate() {
    return new Mlp(this, OptionalLong.empty());
  }
}
