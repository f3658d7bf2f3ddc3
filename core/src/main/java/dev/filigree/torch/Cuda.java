package dev.filigree.torch;

import dev.filigree.config.CacheFolder;
import dev.filigree.cuda.CudaDevice;
import dev.filigree.cuda.CudaKernels;
import dev.filigree.cuda.Grid;
import dev.filigree.cuda.Kernel;
import dev.filigree.cuda.KernelSource;
import dev.filigree.cuda.Nvrtc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Filigree's kernels on libtorch's tensors: in libtorch's context and on its current stream, so
 * that they run in order with its own kernels.
 */
public final class Cuda {
  private Cuda() {}

  /** The reason why our kernels cannot run here, as half a sentence; empty where they can. */
  public static Optional<String> obstacle() {
    return Obstacle.FOUND;
  }

  private static final class Obstacle {
    static final Optional<String> FOUND = find();

    private static Optional<String> find() {
      if (!torch.hasCUDA()) {
        return Optional.of("this libtorch is made for CPUs only");
      }
      if (CudaDevice.obstacle().isPresent()) {
        return CudaDevice.obstacle();
      }
      if (!torch.cuda_is_available()) {
        return Optional.of("libtorch cannot use the GPU");
      }
      return Nvrtc.find().isEmpty()
          ? Optional.of("NVIDIA's run-time compiler (NVRTC) is not installed")
          : Optional.empty();
    }
  }

  /** The kernels of the GPU that holds a tensor. */
  public static CudaKernels kernels(Tensor tensor) {
    return CudaKernels.of(tensor.device().index(), CacheFolder.standard().resolve("kernels"));
  }

  /**
   * A source compiled for an element type: the macro SCALAR of {@code scalar.cuh}.
   *
   * @throws IllegalArgumentException for a type other than float32, bfloat16 and float16
   */
  public static KernelSource of(KernelSource source, ScalarType type) {
    return source.with(
        "SCALAR",
        switch (type) {
          case Float -> "float";
          case BFloat16 -> "bfloat16";
          case Half -> "float16";
          default ->
              throw new IllegalArgumentException(
                  "kernels compute in Float, BFloat16 or Half, found " + type);
        });
  }

  /**
   * Queues a kernel on the current stream of the device of its tensors.
   *
   * @param arguments as {@link Kernel#launch} takes them, a contiguous tensor for an address
   * @throws IllegalArgumentException when a tensor is not contiguous or not on a GPU, or no
   *     argument is a tensor
   */
  public static void launch(Kernel kernel, Grid grid, Object... arguments) {
    int device = -1;
    var words = new Object[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i];
      if (arguments[i] instanceof Tensor tensor) {
        if (!tensor.is_cuda() || !tensor.is_contiguous()) {
          throw new IllegalArgumentException(
              "kernel %s: argument %d is a tensor %s on %s; it must be contiguous and on a GPU"
                  .formatted(
                      kernel.name(),
                      i,
                      Arrays.toString(Tensors.shape(tensor)),
                      tensor.device().str().getString()));
        }
        device = tensor.device().index();
        words[i] = tensor.numel() == 0 ? 0L : tensor.data_ptr().address();
      }
    }
    if (device < 0) {
      throw new IllegalArgumentException("kernel " + kernel.name() + " has no tensor");
    }
    kernel.launch(grid, Streams.current(device), words);
  }

  /**
   * The handle of the stream on which libtorch queues this thread's work; 0 is the default stream.
   */
  public static long currentStream(int device) {
    return Streams.current(device);
  }

  /**
   * libtorch's functions, loaded when the first kernel is launched. Those of the binding would need
   * bytedeco's CUDA classes.
   */
  private static final class Streams {
    // c10::cuda::CUDAStream: the type and number of a device, and what identifies the stream.
    private static final StructLayout STREAM =
        MemoryLayout.structLayout(
            ValueLayout.JAVA_BYTE,
            ValueLayout.JAVA_BYTE,
            MemoryLayout.paddingLayout(6),
            ValueLayout.JAVA_LONG);

    private static final MethodHandle GET_CURRENT =
        function(
            "_ZN3c104cuda20getCurrentCUDAStreamEa",
            FunctionDescriptor.of(STREAM, ValueLayout.JAVA_BYTE));
    private static final MethodHandle HANDLE =
        function(
            "_ZNK3c104cuda10CUDAStream6streamEv",
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));

    static long current(int device) {
      try (Arena arena = Arena.ofConfined()) {
        var stream =
            (MemorySegment) GET_CURRENT.invokeExact((SegmentAllocator) arena, (byte) device);
        return (long) HANDLE.invokeExact(stream);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    @SuppressWarnings("restricted") // both signatures are those of libtorch's headers
    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
      // Loaded already, with libtorch: the name alone finds it.
      return SymbolLookup.libraryLookup("libc10_cuda.so", Arena.global())
          .find(name)
          .map(symbol -> Linker.nativeLinker().downcallHandle(symbol, descriptor))
          .orElseThrow(() -> new IllegalStateException("this libtorch has no " + name));
    }
  }
}
