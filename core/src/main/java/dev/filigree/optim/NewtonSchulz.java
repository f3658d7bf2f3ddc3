package dev.filigree.optim;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Newton-Schulz iterations with the quintic of Jordan et al., "Muon", 2024. */
final class NewtonSchulz {
  // The quintic a·x + b·x³ + c·x⁵ with the steepest slope at zero that still settles near one.
  private static final double A = 3.4445;
  private static final double B = -4.7750;
  private static final double C = 2.0315;

  private NewtonSchulz() {}

  /**
   * About U·Vᵀ of a matrix whose singular value decomposition is U·S·Vᵀ.
   *
   * @param matrix [rows, columns]
   * @param iterations 5 bring singular values into about [0.7, 1.2]
   * @param eps lower bound of the norm that the matrix is divided by first
   * @return [rows, columns] in bfloat16
   */
  static Tensor orthogonalize(Tensor matrix, int iterations, double eps) {
    boolean tall = matrix.size(0) > matrix.size(1);
    Tensor x = matrix.to(ScalarType.BFloat16);
    x = tall ? x.t() : x;
    x = x.div(x.norm().clamp_min_(new Scalar(eps)));
    for (int i = 0; i < iterations; i++) {
      Tensor gram = x.mm(x.t());
      Tensor step = torch.addmm(gram, gram, gram, new Scalar(B), new Scalar(C));
      x = torch.addmm(x, step, x, new Scalar(A), new Scalar(1));
    }
    return tall ? x.t() : x;
  }
}
