package dev.filigree.torch;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Settings of the OpenBLAS that libtorch multiplies matrices with on a CPU, which the Java binding
 * does not expose.
 */
public final class OpenBlas {
  static {
    Libtorch.prepare();
  }

  private static final long MAX_NAME = 64;

  private static final Optional<MethodHandle> SET_THREADS =
      function("openblas_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));

  // Shared by all graphs: libtorch needs the hooks reachable as long as any graph exists.
  private static final GradientHook ONE_THREAD = new Threads(() -> 1);
  private static final GradientHook ALL_THREADS = new Threads(torch::get_num_threads);

  private OpenBlas() {}

  /**
   * The processor that its kernels were chosen for, such as SkylakeX; empty where it is not used.
   */
  @SuppressWarnings("restricted") // the function returns a constant text
  public static Optional<String> coreName() {
    return function("openblas_get_corename", FunctionDescriptor.of(ValueLayout.ADDRESS))
        .map(
            function -> {
              try {
                var name = (MemorySegment) function.invokeExact();
                return name.reinterpret(MAX_NAME).getString(0);
              } catch (Throwable e) {
                throw new IllegalStateException(e);
              }
            });
  }

  /**
   * Runs an operation that libtorch already spreads over its own threads with single-threaded
   * products, in the backward pass too. OpenBLAS has threads of its own and does not know that it
   * is called from several at once: attention, which is many small products side by side, takes
   * five times as long when they all share OpenBLAS's threads.
   *
   * @param operation one operation of libtorch
   * @param inputs the tensors that its gradients flow to
   */
  public static Tensor singleThreaded(Supplier<Tensor> operation, Tensor... inputs) {
    if (SET_THREADS.isEmpty() || !Arrays.stream(inputs).allMatch(Tensor::is_cpu)) {
      return operation.get();
    }
    threads(1);
    Tensor output;
    try {
      output = operation.get();
    } finally {
      threads(torch.get_num_threads());
    }
    if (output.requires_grad()) {
      output.register_hook(ONE_THREAD);
      // Whichever gradient arrives first: the backward pass of the operation is then over.
      Arrays.stream(inputs)
          .filter(Tensor::requires_grad)
          .forEach(input -> input.register_hook(ALL_THREADS));
    }
    return output;
  }

  /** Sets the number of threads when a gradient arrives, and leaves the gradient unchanged. */
  private static final class Threads extends GradientHook {
    private final IntSupplier number;

    Threads(IntSupplier number) {
      this.number = number;
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      threads(number.getAsInt());
      return gradient;
    }
  }

  private static void threads(int number) {
    try {
      SET_THREADS.orElseThrow().invokeExact(number);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("restricted") // the callers pass each function's own signature
  private static Optional<MethodHandle> function(String name, FunctionDescriptor descriptor) {
    Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
    return SymbolLookup.loaderLookup()
        .find(name)
        .map(symbol -> Linker.nativeLinker().downcallHandle(symbol, descriptor));
  }
}
