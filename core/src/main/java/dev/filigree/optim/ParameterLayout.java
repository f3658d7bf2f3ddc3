package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * How an optimizer stores a parameter and the state that follows it element by element, against how
 * both are seen from outside: dense, row-major, zero where no weight exists. Checkpoints hold the
 * latter, so that what a file means does not depend on how a program computes.
 */
public interface ParameterLayout {
  /** The shape from outside. */
  long[] shape();

  /** A stored tensor in its outside form; itself where that is the same. */
  Tensor toDense(Tensor stored);

  /** The reverse of {@link #toDense}. */
  Tensor fromDense(Tensor dense);

  /** The layout of an ordinary parameter, whose stored form is the outside one. */
  static ParameterLayout asStored(Tensor parameter) {
    long[] shape = Tensors.shape(parameter);
    return new ParameterLayout() {
      @Override
      public long[] shape() {
        return shape.clone();
      }

      @Override
      public Tensor toDense(Tensor stored) {
        return stored;
      }

      @Override
      public Tensor fromDense(Tensor dense) {
        return dense;
      }
    };
  }
}
