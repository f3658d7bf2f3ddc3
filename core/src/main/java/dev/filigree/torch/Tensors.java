package dev.filigree.torch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItemVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Access to libtorch tensors from Java. */
public final class Tensors {
  static {
    Libtorch.prepare();
  }

  private Tensors() {}

  /**
   * The memory of a contiguous CPU tensor, without a copy. The segment keeps the tensor reachable,
   * so that a temporary one may be passed; but it does not keep memory that is freed by hand, by
   * the pointer scope that the tensor belongs to, or by a change of its storage.
   *
   * @throws IllegalArgumentException for a tensor on another device, or with gaps
   */
  // restricted: the address and size come from the tensor itself. The fence: what keeps the tensor
  // is that the arena holds the action, not that it runs.
  @SuppressWarnings({"restricted", "ReachabilityFenceUsage"})
  public static MemorySegment segment(Tensor tensor) {
    if (!tensor.is_contiguous() || !tensor.is_cpu()) {
      throw new IllegalArgumentException("needs a contiguous CPU tensor");
    }
    long bytes = tensor.numel() * tensor.element_size();
    return bytes == 0
        ? MemorySegment.NULL
        : MemorySegment.ofAddress(tensor.data_ptr().address())
            .reinterpret(bytes, Arena.ofAuto(), _ -> Reference.reachabilityFence(tensor));
  }

  /** A CPU tensor of int64 elements without a value yet. */
  public static Tensor int64(long... shape) {
    return torch.empty(shape, new TensorOptions(ScalarType.Long), new MemoryFormatOptional());
  }

  /** A CPU tensor of float32 elements without a value yet. */
  public static Tensor float32(long... shape) {
    return torch.empty(shape, new TensorOptions(ScalarType.Float), new MemoryFormatOptional());
  }

  /** A CPU tensor of some numbers, float64 [numbers]. */
  public static Tensor float64(double... numbers) {
    Tensor tensor =
        torch.empty(
            new long[] {numbers.length},
            new TensorOptions(ScalarType.Double),
            new MemoryFormatOptional());
    segment(tensor).copyFrom(MemorySegment.ofArray(numbers));
    return tensor;
  }

  /** A contiguous tensor without a value yet, on the device of another. */
  public static Tensor emptyBeside(Tensor other, ScalarType type, long... shape) {
    var options = new TensorOptions(type).device(new DeviceOptional(other.device()));
    return torch.empty(shape, options, new MemoryFormatOptional());
  }

  /** What identifies a tensor, whichever Java object stands for it. */
  public static long identity(Tensor tensor) {
    return tensor.unsafeGetTensorImpl().address();
  }

  /** The sizes of the dimensions. */
  public static long[] shape(Tensor tensor) {
    return tensor.sizes().vec().get();
  }

  /** The element type, as the constant that {@code ==} and switches compare with. */
  public static ScalarType type(Tensor tensor) {
    return tensor.scalar_type().intern(); // the binding returns a new object every time
  }

  /** The parameters of a module and of all below it, by name, each with a reference of its own. */
  public static Map<String, Tensor> namedParameters(Module module) {
    return copies(module.named_parameters(true));
  }

  /** The parameters of a module, without those of the modules in it, by name. */
  public static Map<String, Tensor> ownParameters(Module module) {
    return copies(module.named_parameters(false));
  }

  /** The buffers of a module and of all below it, by name, each with a reference of its own. */
  public static Map<String, Tensor> namedBuffers(Module module) {
    return copies(module.named_buffers(true));
  }

  private static Map<String, Tensor> copies(StringTensorDict dict) {
    var tensors = new LinkedHashMap<String, Tensor>();
    try {
      StringTensorDictItemVector items = dict.items();
      for (long i = 0; i < items.size(); i++) {
        var item = items.get(i);
        // What a container hands out is borrowed: the copy holds a reference.
        tensors.put(item.key().getString(), new Tensor(item.value()));
      }
    } finally {
      Reference.reachabilityFence(dict); // the items lie in its memory
    }
    return tensors;
  }

  /**
   * Runs a computation without gradients in a scope of its own, so that its intermediate tensors
   * are freed at its end, and hands the result to the scope around it.
   */
  public static Tensor scoped(Supplier<Tensor> computation) {
    try (var _ = new NoGradGuard()) {
      return kept(computation);
    }
  }

  /**
   * Runs a computation in a scope of its own and hands the result to the scope around it: of the
   * intermediate tensors only those live on that autograd has saved, and only as long as it needs
   * them.
   */
  public static Tensor kept(Supplier<Tensor> computation) {
    Tensor result;
    try (var _ = new PointerScope()) {
      result = new Tensor(computation.get()).retainReference();
    }
    PointerScope outer = PointerScope.getInnerScope();
    if (outer != null) {
      outer.attach(result);
      result.releaseReference();
    }
    return result;
  }

  /** Runs something without gradients in a scope of its own. */
  public static void inScope(Runnable action) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      action.run();
    }
  }
}
