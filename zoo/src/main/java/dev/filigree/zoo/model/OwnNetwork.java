package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Records;
import dev.filigree.torch.Tensors;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a network that was registered from outside: its name and its options, a
 * record. What it is made of, the network itself says.
 */
final class OwnNetwork<O extends Record> implements ModelConfig {
  /** Keys of the blocks that options stand in, which are not theirs. */
  private static final Set<String> TAKEN =
      Set.of("name", "model_type", "architectures", "dtype", "torch_dtype", "sparsity");

  private final String name;
  private final O options;
  private final Function<O, ? extends Model> constructor;

  private OwnNetwork(String name, O options, Function<O, ? extends Model> constructor) {
    this.name = name;
    this.options = options;
    this.constructor = constructor;
  }

  static <O extends Record> ModelKind kind(
      String name, O defaults, Function<O, ? extends Model> constructor) {
    for (RecordComponent component : defaults.getClass().getRecordComponents()) {
      if (TAKEN.contains(Records.key(component))) {
        throw new IllegalArgumentException(
            "model '%s': an option cannot be called '%s'".formatted(name, Records.key(component)));
      }
    }
    return new ModelKind(
        List.of(name),
        (config, notes) -> {
          O options = Records.read(config, defaults);
          HuggingFaceKeys.finish(config, notes);
          return new OwnNetwork<>(name, options, constructor);
        },
        List.of(name),
        (block, notes) -> new OwnNetwork<>(name, fromBlock(block, defaults), constructor));
  }

  private static <O extends Record> O fromBlock(ConfigMap block, O defaults) {
    block.allow("name");
    O options = Records.read(block, defaults);
    block.rejectUnknown();
    return options;
  }

  @Override
  public String modelType() {
    return name;
  }

  private void requireFloat(String key, Tensor tensor) {
    if (Tensors.type(tensor) != ScalarType.Float) {
      throw new IllegalArgumentException(
          "model '%s': its tensor '%s' is %s; checkpoints hold float32"
              .formatted(name, key, Tensors.type(tensor)));
    }
  }

  @Override
  public Map<String, @Nullable Object> toHuggingFace() {
    var config = new LinkedHashMap<String, @Nullable Object>();
    config.put("model_type", name);
    config.putAll(Records.write(options));
    return config;
  }

  @Override
  public Model allocate() {
    Model model = constructor.apply(options);
    model.tensors().forEach(this::requireFloat);
    model.config(this);
    return model;
  }

  /** Its layers draw from libtorch's generator, which is seeded before. */
  @Override
  public Model create(long seed) {
    torch.manual_seed(seed);
    return allocate();
  }

  @Override
  public Model unfilled(long seed, Device device) {
    Model model = create(seed);
    model.to(device, false);
    return model;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof OwnNetwork<?> own
        && own.name.equals(name)
        && own.options.equals(options);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, options);
  }

  @Override
  public String toString() {
    return name + " " + options;
  }
}
