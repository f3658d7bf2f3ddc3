package dev.filigree.sparsity.storage;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Where the values of a compressed weight [rows, columns] stand: as many positions as weights
 * exist, on the weight's device. The order of the values is the products' own; {@link #positions}
 * says which it is, and what leaves the library is row-major.
 */
public interface SparseLayout extends AutoCloseable {
  /** Output features. */
  long rows();

  /** Input features. */
  long columns();

  /** How many weights exist: the length of the values. */
  long kept();

  /** Bytes that the positions take, without values. */
  long bytes();

  /** The row-major position {@code row * columns + column} of each value: a new int64 [kept]. */
  Tensor positions();

  /** Where weights exist: a new bool [rows, columns]. */
  Tensor mask();

  /**
   * The values at the positions.
   *
   * @param dense [rows, columns]
   * @return a new tensor [kept]
   */
  Tensor gather(Tensor dense);

  /**
   * The values at their positions and zero elsewhere.
   *
   * @param values [kept]
   * @return a new tensor [rows, columns]
   */
  Tensor scatter(Tensor values);

  /**
   * Puts values in the order of another layout of the same weight into this one's; weights that it
   * did not have are zero.
   *
   * @return of values [kept of the other] new ones [kept], of the same type
   */
  default UnaryOperator<Tensor> rearranging(SparseLayout other) {
    return values -> gather(other.scatter(values));
  }

  @Override
  void close();
}
