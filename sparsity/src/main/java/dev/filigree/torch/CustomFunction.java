package dev.filigree.torch;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;

/**
 * A differentiable operation whose forward and backward are computed by hand, inside libtorch's
 * autograd. libtorch's own custom functions cannot be written from Java.
 *
 * <p>How: a carrier that autograd believes to be computed from the input, sum(x) expanded to the
 * shape of the output, takes the output as its data. When the carrier's gradient arrives, a hook
 * computes the input's gradient, and a hook on the input's side puts it in place of the carrier's
 * own. The carrier costs one pass over the input and no memory.
 */
public final class CustomFunction {
  private CustomFunction() {}

  /**
   * Makes an output differentiable.
   *
   * <p>The backward pass must run before the pointer scope around this call is closed; without a
   * scope, the hooks live until the backward pass has run.
   *
   * @param input what the output was computed from
   * @param output the result, on the same device; not to be used for anything else
   * @param backward from the gradient of the output to that of the input, of the input's shape; may
   *     also add to the gradients of parameters
   * @return the output, with a gradient function
   */
  public static Tensor apply(Tensor input, Tensor output, UnaryOperator<Tensor> backward) {
    if (!GradMode.is_enabled()) {
      return output;
    }
    Tensor source = input.requires_grad() ? input : input.detach().set_requires_grad(true);
    Tensor gate = source.view_as(source);
    Tensor carrier = gate.sum().expand(Tensors.shape(output), false);
    carrier.set_data(output);
    var result = new AtomicReference<TensorBase>();
    BackwardHook.on(
        carrier,
        gradient -> {
          try (var _ = new NoGradGuard()) {
            result.set(backward.apply(new Tensor(gradient)));
          }
          return gradient;
        });
    BackwardHook.on(gate, carriers -> Objects.requireNonNullElse(result.get(), carriers));
    gate.close(); // the graph has what it needs; the input's memory is not held by this object
    return carrier;
  }
}
