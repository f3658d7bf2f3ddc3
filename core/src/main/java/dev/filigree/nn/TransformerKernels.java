package dev.filigree.nn;

import dev.filigree.cuda.Grid;
import dev.filigree.cuda.Kernel;
import dev.filigree.cuda.KernelSource;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The kernels of {@code transformer.cu}, for tensors on a GPU. */
final class TransformerKernels {
  /** The number of elements that a thread handles at a time; sizes must be multiples of it. */
  static final long WIDTH = 8;

  private static final int THREADS = 256;
  private static final Set<ScalarType> TYPES =
      Set.of(ScalarType.Float, ScalarType.BFloat16, ScalarType.Half);
  private static final KernelSource SOURCE =
      KernelSource.of(TransformerKernels.class, "transformer.cu");
  private static final Map<Key, Kernel> KERNELS = new ConcurrentHashMap<>();

  private record Key(String name, int device, ScalarType type) {}

  private TransformerKernels() {}

  /** Whether the kernels support a tensor's device and type. */
  static boolean support(Tensor tensor) {
    return tensor.is_cuda() && TYPES.contains(Tensors.type(tensor));
  }

  /** Whether the kernels support a tensor with a size that must be a multiple of {@link #WIDTH}. */
  static boolean support(Tensor tensor, long size) {
    return support(tensor) && size % WIDTH == 0;
  }

  private static Kernel kernel(String name, Tensor like) {
    var key = new Key(name, like.device().index(), Tensors.type(like));
    return KERNELS.computeIfAbsent(
        key, _ -> Cuda.kernels(like).kernel(Cuda.of(SOURCE, key.type), name));
  }

  /** Queues a kernel with a thread for each vector of WIDTH elements. */
  static void launch(String name, long vectors, Tensor like, Object... arguments) {
    Cuda.launch(kernel(name, like), Grid.covering(vectors, THREADS), arguments);
  }

  /** Queues a kernel with a block for each row. */
  static void launchRows(String name, long rows, int threads, Tensor like, Object... arguments) {
    Cuda.launch(kernel(name, like), Grid.of(Math.toIntExact(rows), threads), arguments);
  }
}
