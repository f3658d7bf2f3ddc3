package dev.filigree.torch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Tensor;

/**
 * Gradients that our own operations add to a parameter directly. Autograd does not know that the
 * parameter takes part, so hooks on it are not called; listeners here are.
 */
public final class DirectGradients {
  private static final Map<Long, Runnable> LISTENERS = new ConcurrentHashMap<>(); // by identity

  private DirectGradients() {}

  /**
   * Adds to the gradient of a parameter, in a backward pass.
   *
   * @param gradient new, of the parameter's shape and type; it may become the parameter's own
   */
  public static void add(Tensor parameter, Tensor gradient) {
    Tensor sum = parameter.mutable_grad();
    if (sum.defined()) {
      sum.add_(gradient);
    } else {
      sum.put(gradient);
    }
    Runnable listener = LISTENERS.get(Tensors.identity(parameter));
    if (listener != null) {
      listener.run();
    }
  }

  /**
   * Calls a listener whenever a gradient was added, on the thread of the backward pass, until
   * {@link #forget}. A parameter has at most one.
   *
   * @throws IllegalStateException when the parameter already has a listener
   */
  public static void listen(Tensor parameter, Runnable listener) {
    if (LISTENERS.putIfAbsent(Tensors.identity(parameter), listener) != null) {
      throw new IllegalStateException("the gradients of a parameter have a listener already");
    }
  }

  /** Removes the listener of a parameter. */
  public static void forget(Tensor parameter) {
    LISTENERS.remove(Tensors.identity(parameter));
  }
}
