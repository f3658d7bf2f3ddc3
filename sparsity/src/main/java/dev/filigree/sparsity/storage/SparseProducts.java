package dev.filigree.sparsity.storage;

import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The three products of a linear layer whose weight W [rows, columns] is compressed, on one kind of
 * device: an implementation for each. All tensors lie on that device. The optimizer that makes
 * weights sparse owns one for all of them and closes it.
 */
public interface SparseProducts extends AutoCloseable {
  /**
   * The products of a device.
   *
   * @return empty where there are none
   */
  static Optional<SparseProducts> of(Device device) {
    if (device.is_cpu()) {
      return Optional.of(new CpuProducts());
    }
    return device.is_cuda() ? Optional.of(new CudaProducts()) : Optional.empty();
  }

  /** Which code computes them here, in the words of a measurement's key: {@code panama-512}. */
  String provider();

  /**
   * Whether they use the device's fast instructions. Where they do not, masked execution is always
   * faster.
   */
  boolean isVectorized();

  /** Why a weight cannot be stored compressed here, in the words of an error; empty if it can. */
  Optional<String> obstacle(Tensor weight);

  /**
   * The type that products with an input are computed in: activations are given in it, and results
   * have it. Weights and their gradients are float32.
   *
   * @param x of a type that the layer takes: float32, or 16-bit numbers under autocast
   */
  ScalarType computeType(Tensor x);

  /**
   * The layout of a mask.
   *
   * @param mask bool [rows, columns], contiguous
   */
  SparseLayout layout(Tensor mask);

  /**
   * Prepares activations or their gradients for any number of products.
   *
   * @param x [tokens, features], contiguous, of the {@link #computeType}
   */
  Packed pack(Tensor x);

  /**
   * {@link #pack} for what other layers may read too: when they come with the same tensor, it is
   * prepared already. A layer that comes again finds it prepared anew, whatever was written to the
   * tensor's memory since.
   *
   * @param layout of the layer that reads it
   */
  Packed packShared(SparseLayout layout, Tensor x);

  /** X·Wᵀ: a new tensor [tokens, rows]. */
  Tensor forward(SparseLayout layout, Tensor values, Packed x);

  /** dY·W: a new tensor [tokens, columns]. */
  Tensor inputGradient(SparseLayout layout, Tensor values, Packed dy);

  /** dYᵀ·X where weights exist: a new float32 tensor [kept]. */
  Tensor weightGradient(SparseLayout layout, Packed dy, Packed x);

  /**
   * The gradient of the values, float32 [kept], of that of the dense weight, for products that
   * compute the latter anyway; empty for others.
   *
   * @param dense [rows, columns]
   */
  default Optional<Tensor> ofDenseGradient(SparseLayout layout, Tensor dense) {
    return Optional.empty();
  }

  @Override
  void close();

  /** Prepared activations, counted: whoever packs releases. */
  interface Packed {
    /** Gives back what is no longer needed; once for every time it was packed. */
    void release();
  }
}
