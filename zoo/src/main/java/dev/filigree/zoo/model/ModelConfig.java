package dev.filigree.zoo.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that makes a network: from it follow the names and shapes of its parameters, without
 * allocating them, the network itself, and its {@code config.json}.
 */
public interface ModelConfig {
  /** Hugging Face's {@code model_type}, such as {@code llama}. */
  String modelType();

  /** Every parameter, in the order of the module tree. */
  List<ParameterSpec> parameters();

  /** Where Hugging Face keeps each parameter; by default under our name, as it is. */
  default List<HuggingFaceTensor> huggingFaceTensors() {
    return parameters().stream()
        .map(spec -> HuggingFaceTensor.same(spec.name(), spec.shape()))
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

  /** The number of trainable elements. */
  default long parameterCount() {
    return parameters().stream().map(ParameterSpec::size).reduce(0L, Math::addExact);
  }
}
