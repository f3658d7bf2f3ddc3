package dev.filigree.torch;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongList;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * An ATen operator called through libtorch's dispatcher, for operators that the binding does not
 * map: above all those that begin with an underscore ({@code _fused_adamw_}, {@code
 * _foreach_norm}).
 *
 * <p>A call costs about 2 µs per argument more than a mapped method.
 */
public final class Aten {
  private final OperatorHandle handle;

  private Aten(OperatorHandle handle) {
    this.handle = handle.retainReference();
  }

  /**
   * The operator with a name and overload of native_functions.yaml, {@code of("_foreach_add_",
   * "Scalar")}; most overloads are the empty string.
   *
   * @throws RuntimeException when this libtorch has none
   */
  public static Aten of(String name, String overload) {
    return new Aten(Dispatcher.singleton().findSchemaOrThrow("aten::" + name, overload));
  }

  /**
   * Calls the operator with every argument of its schema in order: tensors, lists of tensors,
   * doubles, longs, booleans, shapes as arrays of longs, and null for an optional argument left
   * out.
   */
  public void call(@Nullable Object... arguments) {
    handle.callBoxed(stack(arguments));
  }

  /** Calls an operator and returns its only, or first, tensor. */
  public Tensor callForTensor(@Nullable Object... arguments) {
    IValueVector stack = stack(arguments);
    handle.callBoxed(stack);
    return new Tensor(stack.get(0).toTensor()); // elements of a container are borrowed
  }

  /** Calls an operator that returns a list of tensors. */
  public TensorVector callForList(@Nullable Object... arguments) {
    IValueVector stack = stack(arguments);
    handle.callBoxed(stack);
    return stack.get(0).toTensorVector();
  }

  private static IValueVector stack(@Nullable Object... arguments) {
    var values = new IValue[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      values[i] = value(arguments[i]);
    }
    return new IValueVector(values);
  }

  private static IValue value(@Nullable Object argument) {
    return switch (argument) {
      case null -> new IValue();
      case Tensor tensor -> new IValue(tensor);
      case Double number -> new IValue(number);
      case Long number -> new IValue(number);
      case Boolean flag -> new IValue(flag);
      case long[] shape -> new IValue(new GenericList((Pointer) new LongList(shape)));
      case List<?> tensors -> list(tensors);
      default -> throw new IllegalArgumentException("not an operator's argument: " + argument);
    };
  }

  private static IValue list(List<?> tensors) {
    var vector = new TensorVector(tensors.size());
    for (int i = 0; i < tensors.size(); i++) {
      vector.put(i, (Tensor) tensors.get(i));
    }
    // A typed list is a generic one: both are a pointer to the same list of boxed values. Boxing
    // the tensors one by one would take ten times as long.
    Pointer list = new TensorList(vector);
    return new IValue(new GenericList(list));
  }
}
