package dev.filigree.sparsity;

import dev.filigree.kernels.PackedTokens;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of compressed layers, packed for the kernels once for all layers that read the same
 * tensor (q, k and v; gate and up), and kept for their backward passes.
 */
final class PackedInputs {
  private static @Nullable SparseKernels kernels;
  private static @Nullable Shared last;

  private PackedInputs() {}

  /** The kernels of this program, with as many threads as libtorch has. */
  static synchronized SparseKernels kernels() {
    int threads = torch.get_num_threads();
    if (kernels == null || kernels.threads() != threads) {
      if (kernels != null) {
        kernels.close();
      }
      kernels = SparseKernels.withThreads(threads);
    }
    return kernels;
  }

  /**
   * A tensor packed, with a use counted for the caller.
   *
   * @param x [tokens, features], contiguous float32
   */
  static synchronized Shared of(Tensor x) {
    if (last == null || !last.holds(x)) {
      if (last != null) {
        last.source.close();
        last.release();
      }
      last = new Shared(x);
    }
    last.uses++;
    return last;
  }

  /** Packed tokens with a count of who still needs them; the cache counts as one. */
  static final class Shared {
    private final Tensor source; // held while cached: no other tensor gets its memory
    private final long address;
    private final long version;
    private final long[] shape;
    private final PackedTokens packed;
    private int uses = 1;

    private Shared(Tensor x) {
      source = new Tensor(x).retainReference();
      address = Tensors.segment(x).address(); // 0 of an empty batch
      version = x._version();
      shape = Tensors.shape(x);
      packed = kernels().pack(Tensors.segment(x), (int) shape[0], (int) shape[1]);
    }

    private boolean holds(Tensor x) {
      return Tensors.segment(x).address() == address
          && x._version() == version
          && java.util.Arrays.equals(Tensors.shape(x), shape);
    }

    PackedTokens tokens() {
      return packed;
    }

    void release() {
      PackedInputs.release(this);
    }
  }

  private static synchronized void release(Shared shared) {
    if (--shared.uses == 0) {
      shared.packed.close();
    }
  }
}
