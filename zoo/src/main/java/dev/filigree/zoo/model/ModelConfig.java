package dev.filigree.zoo.model;

import dev.filigree.nn.Allocation;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
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

  /**
   * Where Hugging Face keeps each parameter and buffer; by default under our name, as it is.
   * Nothing is allocated for it.
   */
  default List<HuggingFaceTensor> huggingFaceTensors() {
    try (var _ = new PointerScope()) {
      return Allocation.shapesOnly(() -> allocate().tensors()).entrySet().stream()
          .map(
              entry ->
                  HuggingFaceTensor.same(
                      entry.getKey(),
                      Arrays.stream(Tensors.shape(entry.getValue())).boxed().toList()))
          .toList();
    }
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

  /** The number of trainable elements. */
  default long parameterCount() {
    return parameters().stream().map(ParameterSpec::size).reduce(0L, Math::addExact);
  }
}
