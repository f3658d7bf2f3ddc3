package dev.filigree.optim;

import dev.filigree.torch.Aten;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Limits gradients before the optimizer step. Parameters without gradient are passed over. Pascanu
 * et al., "On the difficulty of training recurrent neural networks", 2013.
 */
public final class GradientClipping {
  private static final Aten NORMS = Aten.of("_foreach_norm", "Scalar");
  private static final Aten SCALE = Aten.of("_foreach_mul_", "Scalar");

  private GradientClipping() {}

  /**
   * Scales all gradients by maxNorm/(norm + 1e-6) when that is less than one.
   *
   * @return the L2 norm of all gradients together, before the clipping; not finite when a gradient
   *     is not, and then nothing is scaled
   */
  public static double clipNorm(Collection<Tensor> parameters, double maxNorm) {
    OptionChecks.positive("maxNorm", maxNorm);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      List<Tensor> gradients = gradients(parameters);
      double norm = reduce(gradients, 2);
      double factor = maxNorm / (norm + 1e-6);
      if (factor < 1 && Double.isFinite(norm)) {
        SCALE.call(gradients, factor);
        GradientPreparation.zerosWereKept();
      }
      return norm;
    }
  }

  /** The L2 norm of all gradients together; not finite when a gradient is not. */
  public static double norm(Collection<Tensor> parameters) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      return reduce(gradients(parameters), 2);
    }
  }

  /** Whether no gradient holds an infinity or a NaN. */
  public static boolean allFinite(Collection<Tensor> parameters) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      // The largest magnitude cannot overflow, as the sum of squares of finite gradients can.
      return Double.isFinite(reduce(gradients(parameters), Double.POSITIVE_INFINITY));
    }
  }

  /** Clamps every element of every gradient to [−maxValue, maxValue]. */
  public static void clipValue(Collection<Tensor> parameters, double maxValue) {
    OptionChecks.positive("maxValue", maxValue);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      var low = new ScalarOptional(new Scalar(-maxValue));
      var high = new ScalarOptional(new Scalar(maxValue));
      gradients(parameters).forEach(gradient -> gradient.clamp_(low, high));
      GradientPreparation.zerosWereKept();
    }
  }

  static List<Tensor> gradients(Collection<Tensor> parameters) {
    GradientPreparation.run();
    var gradients = new ArrayList<Tensor>();
    for (Tensor parameter : parameters) {
      Tensor gradient = parameter.grad();
      if (gradient.defined()) {
        gradients.add(gradient);
      }
    }
    return gradients;
  }

  /** A norm of all tensors as one vector; one wait for the device, whatever their number. */
  private static double reduce(List<Tensor> tensors, double order) {
    if (tensors.isEmpty()) {
      return 0;
    }
    TensorVector norms = NORMS.callForList(tensors, order, null);
    return torch.stack(norms).norm(new Scalar(order)).item_double();
  }
}
