package dev.filigree.sparsity.storage;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.cuda.CudaKernels;
import dev.filigree.cuda.Grid;
import dev.filigree.cuda.KernelSource;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The gradient of a nearly empty weight on a GPU's ordinary cores, at its positions only: what
 * tensor cores would spend on the rest is then more. Its sums have one order, so that results
 * repeat to the bit.
 *
 * @param from the sparsity from which it is chosen, where a block can hold the features of eight
 *     tokens; above 1 for never
 */
record SampledGradient(double from) {
  private static final KernelSource SOURCE = KernelSource.of(CudaKernels.class, "sampled.cu");
  private static final int THREADS = 512;
  private static final int TOKENS = 8; // as in sampled.cu

  /**
   * The choice by measurement, on an H100: see docs/performance.md. A measurement on each machine
   * would let a resumed run compute in another way than it began.
   */
  static SampledGradient measured() {
    return new SampledGradient(0.999);
  }

  /** Whether it is chosen for activations [tokens, columns]. */
  boolean isFaster(CudaLayout layout, Tensor x) {
    double sparsity = 1 - (double) layout.kept() / (layout.rows() * layout.columns());
    return sparsity >= from
        && layout.kept() > 0
        && x.numel() > 0
        && sharedBytes(layout, x) <= card(x).sharedMemory();
  }

  private static CudaDevice card(Tensor tensor) {
    return Cuda.kernels(tensor).device();
  }

  private static long sharedBytes(CudaLayout layout, Tensor tensor) {
    return (layout.rows() + layout.columns()) * TOKENS * tensor.element_size();
  }

  /** dYᵀ·X where weights exist: a new float32 tensor [kept]. */
  Tensor compute(CudaLayout layout, Tensor dy, Tensor x) {
    int shared = Math.toIntExact(sharedBytes(layout, x));
    int kept = Math.toIntExact(layout.kept());
    int blocks = Math.toIntExact(Math.min(card(x).multiprocessors(), most(x.size(0))));
    return Tensors.scoped(
        () -> {
          Tensor sums = Tensors.emptyBeside(x, ScalarType.Float, blocks, kept);
          Cuda.launch(
              Cuda.kernels(x)
                  .kernel(Cuda.of(SOURCE, Tensors.type(x)), "sample_gradient")
                  .allowShared(shared),
              Grid.of(blocks, THREADS).withShared(shared),
              dy,
              x,
              layout.kernelPositions(),
              kept,
              x.size(0),
              Math.toIntExact(layout.rows()),
              Math.toIntExact(layout.columns()),
              sums);
          return sums.sum(0);
        });
  }

  /** Blocks that have tokens at all. */
  private static long most(long tokens) {
    return Math.ceilDiv(tokens, (long) TOKENS);
  }
}
