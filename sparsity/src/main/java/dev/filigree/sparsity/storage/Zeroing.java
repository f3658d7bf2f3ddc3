package dev.filigree.sparsity.storage;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Sets elements to zero where a mask says that none exists, infinite and NaN ones too.
 *
 * <p>On a CPU the mask is kept as whole numbers as wide as the elements, all bits set where a
 * weight exists, for a bitwise and: libtorch's fill by a bool mask goes element by element there
 * and takes six times as long. On other devices it is a bool a weight.
 */
final class Zeroing implements AutoCloseable {
  // Made wherever the class is first used: the reference keeps it alive beyond that scope.
  private static final Scalar ZERO = new Scalar(0.0).retainReference();

  private final boolean bitwise;
  private final ScalarType type; // of the elements that the bits fit
  private final Tensor mask; // [the weight's shape]: bits that stay, or bool where nothing exists

  /**
   * For a weight and its mask.
   *
   * @param missing bool, the weight's shape: true where no weight exists
   */
  Zeroing(Tensor weight, Tensor missing) {
    type = Tensors.type(weight);
    bitwise = weight.is_cpu() && !bits(type).equals(ScalarType.Bool);
    Tensor kept = bitwise ? missing.to(bits(type)).sub(new Scalar(1)) : missing;
    mask = new Tensor(kept).retainReference();
  }

  /** The integer type as wide as a floating-point type; bool where there is none. */
  private static ScalarType bits(ScalarType type) {
    return switch (type) {
      case Double -> ScalarType.Long;
      case Float -> ScalarType.Int;
      case Half, BFloat16 -> ScalarType.Short;
      default -> ScalarType.Bool;
    };
  }

  /** Bool, true where no weight exists. */
  Tensor missing() {
    return bitwise ? mask.eq(new Scalar(0)) : mask;
  }

  /** Bool, true where a weight exists. */
  Tensor kept() {
    return bitwise ? mask.ne(new Scalar(0)) : mask.logical_not();
  }

  /** A copy with zeros. */
  Tensor copy(Tensor tensor) {
    return fits(tensor)
        ? tensor.view(bits(type)).bitwise_and(mask).view(type)
        : tensor.masked_fill(missing(), ZERO);
  }

  /** Puts zeros into a tensor. */
  void apply(Tensor tensor) {
    if (fits(tensor)) {
      tensor.view(bits(type)).bitwise_and_(mask);
    } else {
      tensor.masked_fill_(missing(), ZERO);
    }
  }

  private boolean fits(Tensor tensor) {
    return bitwise && tensor.is_cpu() && Tensors.type(tensor) == type;
  }

  long bytes() {
    return mask.numel() * mask.element_size();
  }

  @Override
  public void close() {
    mask.close();
  }
}
