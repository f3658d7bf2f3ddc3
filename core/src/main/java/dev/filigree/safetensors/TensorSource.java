package dev.filigree.safetensors;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/**
 * A tensor to write, made when its turn comes, so that a converted copy of a whole model never has
 * to be in memory at once.
 *
 * @param tensor must give a tensor of exactly this type and shape, on any device
 */
public record TensorSource(
    String name, ElementType type, List<Long> shape, Supplier<Tensor> tensor) {
  /** A source with a copy of the shape. */
  public TensorSource {
    shape = List.copyOf(shape);
  }

  /** A tensor as it is. */
  public static TensorSource of(String name, Tensor tensor) {
    return new TensorSource(
        name,
        ElementType.of(tensor),
        Arrays.stream(Tensors.shape(tensor)).boxed().toList(),
        () -> tensor);
  }

  /** The size of the data in bytes. */
  public long bytes() {
    return shape.stream().reduce((long) type.bytes(), Math::multiplyExact);
  }
}
