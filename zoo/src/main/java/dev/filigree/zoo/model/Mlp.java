package dev.filigree.zoo.model;

import dev.filigree.nn.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A multilayer perceptron over flattened pictures, with ReLU between its layers. */
public final class Mlp extends ImageClassifier {
  private final MlpConfig config;
  private final List<Linear> hidden = new ArrayList<>(); // each [size, size before]
  private final Linear last; // [classes, last hidden size]

  /** A network with its initial weights for seed 0. */
  public Mlp(MlpConfig config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public Mlp(MlpConfig config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  Mlp(MlpConfig config, OptionalLong seed) {
    this.config = config;
    List<Long> sizes = config.sizes();
    int depth = config.hiddenSizes().size();
    Part layers = level("fc_layers", "fc_layers");
    for (int i = 0; i < depth; i++) {
      long in = sizes.get(i);
      String name = String.valueOf(i);
      hidden.add(
          layers.linear(name, name, Initializers.fanIn(in), in, sizes.get(i + 1), config.bias()));
    }
    last =
        linear(
            "last_layer",
            "last_layer",
            Initializers.fanIn(sizes.get(depth)),
            sizes.get(depth),
            config.classes(),
            config.bias());
    seed.ifPresent(this::initialize);
  }

  @Override
  public Tensor logits(Tensor inputs) {
    Tensor x = inputs.flatten(1, -1); // [batch, channels · height · width]
    for (Linear layer : hidden) {
      x = torch.dropout(torch.relu(layer.forward(x)), config.dropout(), is_training());
    }
    return last.forward(x);
  }

  @Override
  public MlpConfig config() {
    return config;
  }

  @Override
  public long classes() {
    return config.classes();
  }

  @Override
  public Optional<String> obstacle(List<Long> shape) {
    long size = shape.stream().reduce(1L, Math::multiplyExact);
    return size == config.inputSize()
        ? Optional.empty()
        : Optional.of("%d values each; model.input_size is %d".formatted(size, config.inputSize()));
  }
}
