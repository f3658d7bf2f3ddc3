package dev.filigree.zoo.model;

import dev.filigree.torch.Cuda;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * cuDNN's attention, which is faster than libtorch's own FlashAttention on GPUs of compute
 * capability 9 (H100, H200), slower on those before. libtorch takes it where it can compute what is
 * asked for.
 */
final class CudnnAttention {
  private static final int HOPPER = 9;

  // libtorch's SDPBackend: cuDNN, FlashAttention, memory-efficient, plain, the overrideable one.
  private static final long[] CUDNN_FIRST = {3, 1, 2, 0, 4};

  private static boolean decided;

  private CudnnAttention() {}

  /** Prefers it from now on, in the whole process, if it is the faster one on a tensor's GPU. */
  static synchronized void preferWhereFaster(Tensor query) {
    if (!decided) {
      decided = true;
      if (Cuda.kernels(query).device().major() == HOPPER) {
        Context context = torch.globalContext();
        context.setSDPUseCuDNN(true);
        context.setSDPPriorityOrder(new LongVector(CUDNN_FIRST));
      }
    }
  }
}
