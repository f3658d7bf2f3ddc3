package dev.filigree.optim;

import dev.filigree.torch.Aten;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
      scale(gradients, norm, maxNorm);
      return norm;
    }
  }

  /**
   * As the other, and says what part of the norm is whose.
   *
   * @param chosen which parameters are told from the others
   */
  public static GradientNorms clipNorm(
      Collection<Tensor> parameters, double maxNorm, Predicate<Tensor> chosen) {
    OptionChecks.positive("maxNorm", maxNorm);
    return norms(parameters, maxNorm, chosen);
  }

  private static void scale(List<Tensor> gradients, double norm, double maxNorm) {
    double factor = maxNorm / (norm + 1e-6);
    if (factor < 1 && Double.isFinite(norm)) {
      SCALE.call(gradients, factor);
      GradientPreparation.zerosWereKept();
    }
  }

  /** The L2 norm of all gradients together; not finite when a gradient is not. */
  public static double norm(Collection<Tensor> parameters) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      return reduce(gradients(parameters), 2);
    }
  }

  /**
   * The L2 norms of all gradients together, of those of some parameters and of those of the others.
   *
   * @param chosen which parameters are told from the others
   */
  public static GradientNorms norm(Collection<Tensor> parameters, Predicate<Tensor> chosen) {
    return norms(parameters, Double.POSITIVE_INFINITY, chosen);
  }

  /** The norms of the parts come from those of the tensors, which the whole needs anyway. */
  private static GradientNorms norms(
      Collection<Tensor> parameters, double maxNorm, Predicate<Tensor> chosen) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      List<Tensor> gradients = gradients(parameters);
      if (gradients.isEmpty()) {
        return new GradientNorms(0, 0, 0);
      }
      Tensor each = torch.stack(NORMS.callForList(gradients, 2.0, null));
      Tensor all = each.norm(new Scalar(2.0));
      Tensor read =
          torch.cat(new TensorVector(each, all.reshape(1)), 0).to(ScalarType.Double).cpu();
      double[] norms = Tensors.segment(read).toArray(ValueLayout.JAVA_DOUBLE);
      double norm = norms[gradients.size()];
      double ofChosen = 0;
      double ofOthers = 0;
      int place = 0;
      for (Tensor parameter : parameters) {
        if (parameter.grad().defined()) {
          double square = norms[place] * norms[place];
          if (chosen.test(parameter)) {
            ofChosen += square;
          } else {
            ofOthers += square;
          }
          place++;
        }
      }
      scale(gradients, norm, maxNorm);
      return new GradientNorms(norm, Math.sqrt(ofChosen), Math.sqrt(ofOthers));
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
