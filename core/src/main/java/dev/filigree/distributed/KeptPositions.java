package dev.filigree.distributed;

import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Which elements of a parameter, and of its gradient, can be other than zero: the only ones that
 * replicas send each other.
 */
@FunctionalInterface
public interface KeptPositions {
  /**
   * The positions, int64, in row-major order; empty for a parameter that is sent whole.
   *
   * @param parameter that an optimizer updates
   */
  Optional<Tensor> of(Tensor parameter);

  /** Every parameter is sent whole. */
  static KeptPositions all() {
    return _ -> Optional.empty();
  }
}
