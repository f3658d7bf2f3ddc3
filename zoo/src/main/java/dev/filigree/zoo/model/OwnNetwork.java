package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Records;
import dev.filigree.torch.Tensors;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
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
  private @Nullable List<ParameterSpec> parameters;
  private @Nullable List<HuggingFaceTensor> tensors;

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
            "model '%s': an option cannot be called '%s'"
                .formatted(name, Records.key(component)));
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

  @Override
  public List<ParameterSpec> parameters() {
    describe();
    return Objects.requireNonNull(parameters);
  }

  @Override
  public List<HuggingFaceTensor> huggingFaceTensors() {
    describe();
    return Objects.requireNonNull(tensors);
  }

  /** Makes the network once, to see what it is made of. */
  private void describe() {
    if (parameters != null) {
      return;
    }
    try (var _ = new PointerScope()) {
      Model model = allocate();
      var specs = new ArrayList<ParameterSpec>();
      Tensors.namedParameters(model)
          .forEach(
              (key, tensor) -> specs.add(new ParameterSpec(key, key, shape(tensor), null, 1)));
      var all = new ArrayList<HuggingFaceTensor>();
      model
          .tensors()
          .forEach(
              (key, tensor) -> {
                requireFloat(key, tensor);
                all.add(HuggingFaceTensor.same(key, shape(tensor)));
              });
      tensors = List.copyOf(all);
      parameters = List.copyOf(specs);
    }
  }

  private void requireFloat(String key, Tensor tensor) {
    if (Tensors.type(tensor) != ScalarType.Float) {
      throw new IllegalArgumentException(
          "model '%s': its tensor '%s' is %s; checkpoints hold float32"
              .formatted(name, key, Tensors.type(tensor)));
    }
  }

  private static List<Long> shape(Tensor tensor) {
    return Arrays.stream(Tensors.shape(tensor)).boxed().toList();
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
