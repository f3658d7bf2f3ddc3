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
 * The shape of a residual network (He et al. 2015, arXiv:1512.03385).
 *
 * @param embeddingSize channels after the first convolution
 * @param stageSizes channels after each stage
 * @param depths the number of blocks of each stage
 * @param bottleneck whether a block is 1×1, 3×3, 1×1 convolutions rather than two 3×3 ones
 * @param smallPictures whether the first convolution is 3×3 without pooling, for pictures of 32 ×
 *     32 as in CIFAR-10
 */
public record ResNetConfig(
    long channels,
    long embeddingSize,
    List<Long> stageSizes,
    List<Long> depths,
    boolean bottleneck,
    boolean smallPictures,
    long classes)
    implements ModelConfig {
  /** The factor by which a bottleneck narrows its inner channels. */
  static final long REDUCTION = 4;

  static final ModelKind KIND =
      new ModelKind(
          List.of("resnet"),
          ResNetConfig::fromHuggingFace,
          List.of("resnet18", "resnet50"),
          ResNetConfig::fromModelZoo);

  /**
   * @throws IllegalArgumentException for a size that is not positive, or another number of depths
   *     than of stages
   */
  public ResNetConfig {
    stageSizes = List.copyOf(stageSizes);
    depths = List.copyOf(depths);
    Sizes.positive("num_channels", channels);
    Sizes.positive("embedding_size", embeddingSize);
    Sizes.positive("num_labels", classes);
    Sizes.between("the number of hidden_sizes", stageSizes.size(), 1, 100);
    if (depths.size() != stageSizes.size()) {
      throw new IllegalArgumentException(
          "depths must have one number for each of the %d hidden_sizes, found %d"
              .formatted(stageSizes.size(), depths.size()));
    }
    for (long size : stageSizes) {
      Sizes.positive("hidden_sizes", size);
      Sizes.multiple("hidden_sizes", size, String.valueOf(REDUCTION), bottleneck ? REDUCTION : 1);
    }
    depths.forEach(depth -> Sizes.between("depths", depth, 1, 10_000));
  }

  /** 11,689,512 parameters with 3 channels and 1000 classes. */
  public static ResNetConfig resNet18(long channels, long classes, boolean smallPictures) {
    return new ResNetConfig(
        channels,
        64,
        List.of(64L, 128L, 256L, 512L),
        List.of(2L, 2L, 2L, 2L),
        false,
        smallPictures,
        classes);
  }

  /** 25,557,032 parameters with 3 channels and 1000 classes. */
  public static ResNetConfig resNet50(long channels, long classes, boolean smallPictures) {
    return new ResNetConfig(
        channels,
        64,
        List.of(256L, 512L, 1024L, 2048L),
        List.of(3L, 4L, 6L, 3L),
        true,
        smallPictures,
        classes);
  }

  /** From the keys and values of a {@code config.json}. */
  public static ResNetConfig of(Map<String, ?> config) {
    return fromHuggingFace(ConfigReader.of(config, "ResNetConfig").asMap(), new ArrayList<>());
  }

  static ResNetConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    ResNetConfig standard = resNet50(3, 1000, false);
    HuggingFaceKeys.only(config, "downsample_in_first_stage", false);
    HuggingFaceKeys.only(config, "downsample_in_bottleneck", false);
    if (Activation.read(config, "hidden_act", Activation.RELU) != Activation.RELU) {
      throw config.require("hidden_act").error("is not supported; supported is relu");
    }
    ConfigNode layerType = config.get("layer_type").orElse(null);
    String type = layerType == null ? "bottleneck" : layerType.asString();
    if (layerType != null && !List.of("basic", "bottleneck").contains(type)) {
      throw layerType.error("unknown layer type '%s'; known are basic, bottleneck".formatted(type));
    }
    var result =
        new ResNetConfig(
            config.integer("num_channels", standard.channels),
            config.integer("embedding_size", standard.embeddingSize),
            config.get("hidden_sizes").map(ResNetConfig::numbers).orElse(standard.stageSizes),
            config.get("depths").map(ResNetConfig::numbers).orElse(standard.depths),
            type.equals("bottleneck"),
            config.flag("small_pictures", false),
            HuggingFaceKeys.classes(config));
    HuggingFaceKeys.finish(
        config, notes, "out_features", "out_indices", "stage_names", "tie_word_embeddings");
    return result;
  }

  static ResNetConfig fromModelZoo(ConfigMap map, List<String> notes) {
    var block = new ModelZooBlock(map, notes);
    long channels = block.integer("num_channels", 3);
    long classes = block.integer("num_classes", 1000);
    boolean small = block.flag("small_pictures", false);
    ResNetConfig standard =
        map.string("name").equals("resnet18")
            ? resNet18(channels, classes, small)
            : resNet50(channels, classes, small);
    var result =
        new ResNetConfig(
            channels,
            block.integer("embedding_size", standard.embeddingSize),
            map.get("hidden_sizes").map(ResNetConfig::numbers).orElse(standard.stageSizes),
            map.get("depths").map(ResNetConfig::numbers).orElse(standard.depths),
            standard.bottleneck,
            small,
            classes);
    block.finish();
    return result;
  }

  private static List<Long> numbers(ConfigNode node) {
    return node.asList().items().stream().map(ConfigNode::asLong).toList();
  }

  @Override
  public String modelType() {
    return "resnet";
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("architectures", List.of("ResNetForImageClassification"));
    config.put("model_type", modelType());
    config.put("num_channels", channels);
    config.put("embedding_size", embeddingSize);
    config.put("hidden_sizes", stageSizes);
    config.put("depths", depths);
    config.put("layer_type", bottleneck ? "bottleneck" : "basic");
    config.put("hidden_act", "relu");
    config.put("downsample_in_first_stage", false);
    config.put("downsample_in_bottleneck", false);
    config.put("small_pictures", smallPictures);
    config.put("num_labels", classes);
    return config;
  }

  /**
   * One block.
   *
   * @param stride 2 where the block halves height and width
   */
  record Block(long in, long out, long stride, boolean bottleneck) {
    boolean hasShortcut() {
      return in != out || stride != 1;
    }

    /** The convolutions of the block, in order. */
    List<Convolution> convolutions() {
      long inner = out / REDUCTION;
      return bottleneck
          ? List.of(
              new Convolution(in, inner, 1, 1),
              new Convolution(inner, inner, 3, stride),
              new Convolution(inner, out, 1, 1))
          : List.of(new Convolution(in, out, 3, stride), new Convolution(out, out, 3, 1));
    }
  }

  /** A convolution that keeps height and width but for its stride. */
  record Convolution(long in, long out, long kernel, long stride) {}

  Convolution embedding() {
    return new Convolution(channels, embeddingSize, smallPictures ? 3 : 7, smallPictures ? 1 : 2);
  }

  /** The blocks of each stage. */
  List<List<Block>> stages() {
    var stages = new ArrayList<List<Block>>();
    long in = embeddingSize;
    for (int stage = 0; stage < depths.size(); stage++) {
      var blocks = new ArrayList<Block>();
      for (long i = 0; i < depths.get(stage); i++) {
        long stride = i == 0 && stage > 0 ? 2 : 1;
        blocks.add(new Block(in, stageSizes.get(stage), stride, bottleneck));
        in = stageSizes.get(stage);
      }
      stages.add(blocks);
    }
    return stages;
  }

  @Override
  public ResNet allocate() {
    return new ResNet(this, OptionalLong.empty());
  }
}
