package dev.filigree.zoo.model;

import dev.filigree.nn.Allocation;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/**
 * Everything that makes a network: from it follow the network, the names and shapes of its
 * parameters, without allocating them, and its {@code config.json}.
 */
public interface ModelConfig {
  /** Hugging Face's {@code model_type}, such as {@code llama}. */
  String modelType();

  /** Every parameter, in the order of the module tree; nothing is allocated for it. */
  default List<ParameterSpec> parameters() {
    try (var _ = new PointerScope()) {
      return Allocation.shapesOnly(() -> allocate().specs());
    }
  }

  /** The shape of every parameter and buffer by its name; nothing is allocated for it. */
  default Map<String, long[]> tensorShapes() {
    var shapes = new LinkedHashMap<String, long[]>();
    try (var _ = new PointerScope()) {
      Allocation.shapesOnly(() -> allocate().tensors())
          .forEach((name, tensor) -> shapes.put(name, Tensors.shape(tensor)));
    }
    return shapes;
  }

  /**
   * Where Hugging Face keeps each parameter and buffer; by default under our name, as it is.
   * Nothing is allocated for it.
   */
  default List<HuggingFaceTensor> huggingFaceTensors() {
    return tensorShapes().entrySet().stream()
        .map(
            entry ->
                HuggingFaceTensor.same(
                    entry.getKey(), Arrays.stream(entry.getValue()).boxed().toList()))
        .toList();
  }

  /**
   * The content of {@code config.json}. What decides the numbers is always in it: readers have
   * defaults of their own.
   */
  Map<String, @Nullable Object> toHuggingFace();

  /** The network before its parameters are initialized or loaded: linear layers are zero. */
  Model allocate();

  /** The network, with its parameters at their initial values for a seed. */
  default Model create(long seed) {
    Model model = allocate();
    model.initialize(seed);
    return model;
  }

  /**
   * The network on a device, for large ones: its tensors have shapes, and no memory until somebody
   * gives each its values, those of {@link Model#initialValues} or others. A network that draws its
   * initial values itself has them already.
   */
  default Model unfilled(long seed, Device device) {
    return Allocation.unfilled(device, this::allocate);
  }

  /** The number of trainable elements. */
  default long parameterCount() {
    return parameters().stream().map(ParameterSpec::size).reduce(0L, Math::addExact);
  }
}
