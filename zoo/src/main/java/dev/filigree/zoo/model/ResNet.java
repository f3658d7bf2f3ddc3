package dev.filigree.zoo.model;

import dev.filigree.nn.BatchNorm2d;
import dev.filigree.nn.Conv2d;
import dev.filigree.nn.Initializer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Residual networks, ResNet-18 and ResNet-50 among them. */
public final class ResNet extends ImageClassifier {
  private final ResNetConfig config;
  private final Backbone backbone;
  private final Linear classifier; // [classes, channels]

  /** A network with its initial weights for seed 0. */
  public ResNet(ResNetConfig config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public ResNet(ResNetConfig config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  ResNet(ResNetConfig config, OptionalLong seed) {
    this.config = config;
    backbone = part("resnet", "resnet", new Backbone(config));
    long channels = config.stageSizes().getLast();
    // The second of two layers, of which the first has no parameters.
    classifier =
        level("classifier", "classifier")
            .linear("1", "1", Initializers.fanIn(channels), channels, config.classes(), true);
    seed.ifPresent(this::initialize);
  }

  @Override
  public Tensor logits(Tensor inputs) {
    Tensor x = backbone.forward(inputs); // [batch, channels, height, width]
    return classifier.forward(x.mean(2, 3));
  }

  @Override
  public ResNetConfig config() {
    return config;
  }

  @Override
  public long classes() {
    return config.classes();
  }

  @Override
  public Optional<String> obstacle(List<Long> shape) {
    return shape.getFirst() == config.channels()
        ? Optional.empty()
        : Optional.of(
            "%d channels; model.num_channels is %d".formatted(shape.getFirst(), config.channels()));
  }

  private static final class Backbone extends Part {
    private final Stem stem;
    private final List<LayerList<Block>> stages = new ArrayList<>();

    Backbone(ResNetConfig config) {
      stem = part("embedder", "embedder", new Stem(config));
      Part encoder = level("encoder", "encoder").level("stages", "stages");
      for (List<ResNetConfig.Block> stage : config.stages()) {
        String name = String.valueOf(stages.size());
        stages.add(
            encoder
                .level(name, name)
                .parts("layers", "layers", stage.size(), i -> new Block(stage.get(i))));
      }
    }

    Tensor forward(Tensor x) {
      x = stem.forward(x);
      for (LayerList<Block> stage : stages) {
        for (Block block : stage) {
          x = block.forward(x);
        }
      }
      return x;
    }
  }

  private static final class Stem extends Part {
    private final ConvolutionLayer convolution;
    private final boolean pool;

    Stem(ResNetConfig config) {
      convolution = part("embedder", "embedder", new ConvolutionLayer(config.embedding()));
      pool = !config.smallPictures();
    }

    Tensor forward(Tensor x) {
      x = torch.relu(convolution.forward(x));
      return pool
          ? torch.max_pool2d(
              x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false)
          : x;
    }
  }

  /** relu(shortcut(x) + convolutions(x)), with ReLU between the convolutions. */
  private static final class Block extends Part {
    private final @Nullable ConvolutionLayer shortcut;
    private final LayerList<ConvolutionLayer> convolutions;

    Block(ResNetConfig.Block config) {
      shortcut =
          config.hasShortcut()
              ? part(
                  "shortcut",
                  "shortcut",
                  new ConvolutionLayer(
                      new ResNetConfig.Convolution(config.in(), config.out(), 1, config.stride())))
              : null;
      var configs = config.convolutions();
      convolutions =
          parts("layer", "layer", configs.size(), i -> new ConvolutionLayer(configs.get(i)));
    }

    Tensor forward(Tensor x) {
      Tensor residual = x;
      for (int i = 0; i < convolutions.size(); i++) {
        residual = convolutions.get(i).forward(i == 0 ? residual : torch.relu(residual));
      }
      return torch.relu(residual.add(shortcut == null ? x : shortcut.forward(x)));
    }
  }

  /** A convolution without bias and its normalization. */
  private static final class ConvolutionLayer extends Part {
    private final Conv2d convolution; // [out, in, kernel, kernel]
    private final BatchNorm2d normalization; // [out]

    ConvolutionLayer(ResNetConfig.Convolution config) {
      double fanOut = (double) config.out() * config.kernel() * config.kernel();
      convolution =
          convolution(
              "convolution",
              "convolution",
              new Initializer.Normal(0, Math.sqrt(2 / fanOut)),
              config.in(),
              config.out(),
              config.kernel(),
              config.stride(),
              config.kernel() / 2,
              false);
      normalization = batchNorm("normalization", config.out());
    }

    Tensor forward(Tensor x) {
      return normalization.forward(convolution.forward(x));
    }
  }
}
