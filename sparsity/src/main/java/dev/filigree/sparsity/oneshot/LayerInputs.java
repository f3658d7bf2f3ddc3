package dev.filigree.sparsity.oneshot;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What a linear layer saw of calibration batches, as XᵀX, where X [tokens, in_features] are all its
 * inputs: enough for their norms, for the Hessian of the layer's squared error, and for the error
 * that a change of the weight makes. In float32, in_features² values; layers with the same input
 * can share one.
 */
public final class LayerInputs implements AutoCloseable {
  private @Nullable Tensor gram; // [in_features, in_features]

  /** Has seen no input yet. */
  public LayerInputs() {}

  /**
   * Adds inputs of one more batch.
   *
   * @param inputs [..., in_features]
   */
  public void add(Tensor inputs) {
    Tensor x = inputs.detach().reshape(-1, inputs.size(-1)).to(ScalarType.Float);
    if (gram == null) {
      gram = x.t().matmul(x).retainReference();
    } else {
      gram.addmm_(x.t(), x);
    }
  }

  /** Whether any were added. */
  public boolean wereSeen() {
    return gram != null;
  }

  /**
   * XᵀX, [in_features, in_features].
   *
   * @throws IllegalStateException when no inputs were added
   */
  public Tensor gram() {
    if (gram == null) {
      throw new IllegalStateException("no inputs of the layer were seen");
    }
    return gram;
  }

  /** ‖X_j‖₂ of each input j over all tokens, [in_features]. */
  public Tensor norms() {
    return gram().diagonal().sqrt();
  }

  /**
   * ‖X(Ŵ − W)ᵀ‖ / ‖XWᵀ‖ (Frobenius): how far the layer's outputs, without its bias, are from what
   * they were; 0 where those were all zero.
   *
   * @param before W [out_features, in_features]
   * @param after Ŵ [out_features, in_features]
   */
  public double outputError(Tensor before, Tensor after) {
    double norm = squaredOutput(before);
    return norm > 0 ? Math.sqrt(squaredOutput(after.sub(before)) / norm) : 0;
  }

  /** ‖XWᵀ‖², which rounding must not make negative. */
  private double squaredOutput(Tensor weight) {
    return Math.max(0, weight.matmul(gram()).mul(weight).sum().item_double());
  }

  /** A copy of XᵀX in which inputs that were always zero have a one on the diagonal. */
  Tensor hessian() {
    Tensor hessian = gram().clone();
    Tensor diagonal = hessian.diagonal();
    diagonal.masked_fill_(diagonal.eq(new Scalar(0.0)), new Scalar(1.0));
    return hessian;
  }

  @Override
  public void close() {
    if (gram != null) {
      gram.close();
      gram = null;
    }
  }
}
