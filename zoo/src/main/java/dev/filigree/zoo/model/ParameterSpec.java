package dev.filigree.zoo.model;

import dev.filigree.nn.Initializer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One parameter of a network, known without allocating it.
 *
 * @param name its name in our module tree; Hugging Face's, except where Hugging Face stores several
 *     parameters as one tensor
 * @param modelZooName its name in the Cerebras Model Zoo, which configuration files match too
 * @param initializer null where the network draws its initial values itself
 * @param learningRateScale what its learning rate is multiplied by; 1 except in muP
 */
public record ParameterSpec(
    String name,
    String modelZooName,
    List<Long> shape,
    @Nullable Initializer initializer,
    double learningRateScale) {
  public ParameterSpec {
    shape = List.copyOf(shape);
  }

  /** The number of elements. */
  public long size() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }
}
