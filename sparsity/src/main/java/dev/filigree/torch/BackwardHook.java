package dev.filigree.torch;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;

/**
 * What happens once, when the gradient of a tensor arrives. libtorch does not keep the Java object:
 * the pointer scope does in which it was made, or without one this class until it was called.
 */
final class BackwardHook extends TensorTensorHook {
  private static final Set<BackwardHook> UNSCOPED = ConcurrentHashMap.newKeySet();

  private final UnaryOperator<TensorBase> action;

  private BackwardHook(UnaryOperator<TensorBase> action) {
    this.action = action;
  }

  /**
   * Registers an action.
   *
   * @param action from the gradient to what takes its place
   */
  static void on(Tensor tensor, UnaryOperator<TensorBase> action) {
    var hook = new BackwardHook(action);
    if (PointerScope.getInnerScope() == null) {
      UNSCOPED.add(hook);
    }
    tensor.register_hook(hook);
  }

  @Override
  public TensorBase call(TensorBase gradient) {
    TensorBase result = action.apply(gradient);
    UNSCOPED.remove(this);
    return result;
  }
}
