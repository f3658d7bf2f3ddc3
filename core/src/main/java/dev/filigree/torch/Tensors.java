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

/** Creation and memory of libtorch tensors, names of parameters, and pointer scopes. */
public final class Tensors {
  static {
    Libtorch.prepare();
  }

  private Tensors() {}

  /**
   * The memory of a contiguous CPU tensor, without a copy. The segment keeps the tensor reachable,
   * so that a temporary one may be passed; but memory freed explicitly, by the tensor's pointer
   * scope or by a change of its storage is lost.
   *
   * @throws IllegalArgumentException for a tensor on another device, or one that is not contiguous
   */
  // restricted: the address and size come from the tensor itself. The fence: the arena keeps the
  // tensor by holding the action, whether or not it runs.
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

  /** An uninitialized int64 tensor on the CPU. */
  public static Tensor int64(long... shape) {
    return torch.empty(shape, new TensorOptions(ScalarType.Long), new MemoryFormatOptional());
  }

  /** An uninitialized float32 tensor on the CPU. */
  public static Tensor float32(long... shape) {
    return torch.empty(shape, new TensorOptions(ScalarType.Float), new MemoryFormatOptional());
  }

  /** A CPU tensor with the given numbers, float64 [numbers]. */
  public static Tensor float64(double... numbers) {
    Tensor tensor =
        torch.empty(
            new long[] {numbers.length},
            new TensorOptions(ScalarType.Double),
            new MemoryFormatOptional());
    segment(tensor).copyFrom(MemorySegment.ofArray(numbers));
    return tensor;
  }

  /** An uninitialized contiguous tensor on the device of another. */
  public static Tensor emptyBeside(Tensor other, ScalarType type, long... shape) {
    var options = new TensorOptions(type).device(new DeviceOptional(other.device()));
    return torch.empty(shape, options, new MemoryFormatOptional());
  }

  /** The identity of a tensor, the same for every Java object that refers to it. */
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

  /**
   * The parameters of a module and all its submodules by name, each with a reference of its own.
   */
  public static Map<String, Tensor> namedParameters(Module module) {
    return copies(module.named_parameters(true));
  }

  /** The parameters of a module itself by name, without those of its submodules. */
  public static Map<String, Tensor> ownParameters(Module module) {
    return copies(module.named_parameters(false));
  }

  /** The buffers of a module and all its submodules by name, each with a reference of its own. */
  public static Map<String, Tensor> namedBuffers(Module module) {
    return copies(module.named_buffers(true));
  }

  private static Map<String, Tensor> copies(StringTensorDict dict) {
    var tensors = new LinkedHashMap<String, Tensor>();
    try {
      StringTensorDictItemVector items = dict.items();
      for (long i = 0; i < items.size(); i++) {
        var item = items.get(i);
        // Elements of a container are borrowed: the copy holds a reference.
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
   * Runs a computation in a scope of its own and hands the result to the scope around it. Of the
   * intermediate tensors only those that autograd saved live on, for as long as it needs them.
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

  /** Runs an action without gradients in a scope of its own. */
  public static void inScope(Runnable action) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      action.run();
    }
  }
}
