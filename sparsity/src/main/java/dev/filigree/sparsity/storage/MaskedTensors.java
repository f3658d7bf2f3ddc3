package dev.filigree.sparsity.storage;

import dev.filigree.cuda.CudaKernels;
import dev.filigree.cuda.Grid;
import dev.filigree.cuda.KernelSource;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Tensors of masked weights on one GPU, whose missing elements become zero in one launch: a small
 * model has many weights, and each launch keeps its host busy for longer than the GPU.
 */
final class MaskedTensors implements AutoCloseable {
  private static final KernelSource SOURCE = KernelSource.of(CudaKernels.class, "masked.cu");
  private static final int PIECE = 16384; // elements of a block, as masked.cu has it
  private static final int WORDS = 4; // of a tensor in the table
  private static final int THREADS = 256;

  private long[] words = new long[0];
  private int tensors;
  private long blocks;
  private @Nullable Tensor table; // int64 [tensors, WORDS] on the GPU
  private long[] uploaded = new long[0];

  /** Forgets the tensors, to begin with others. */
  void clear() {
    tensors = 0;
    blocks = 0;
  }

  /**
   * Adds a tensor.
   *
   * @param missing the address of its mask: a byte an element, 1 where none exists
   * @param elements how many it has
   * @return false where the kernel cannot be used: the tensor is not float32 on a GPU, has gaps, or
   *     lies at an odd address
   */
  boolean add(Tensor values, long missing, long elements) {
    if (!values.is_cuda()
        || values.element_size() != Float.BYTES // the model may have been converted since
        || !values.is_contiguous()) {
      return false;
    }
    long address = values.data_ptr().address();
    if (address % 16 != 0 || missing % 4 != 0) {
      return false;
    }
    if (words.length < (tensors + 1) * WORDS) {
      words = Arrays.copyOf(words, 2 * words.length + WORDS);
    }
    words[tensors * WORDS] = address;
    words[tensors * WORDS + 1] = missing;
    words[tensors * WORDS + 2] = elements;
    words[tensors * WORDS + 3] = blocks;
    tensors++;
    blocks += Math.ceilDiv(elements, PIECE);
    return true;
  }

  /**
   * Zeroes what does not exist in the tensors that were added, on the current stream.
   *
   * @param beside a tensor on their GPU
   */
  void zero(Tensor beside) {
    if (blocks > 0) {
      Cuda.launch(
          Cuda.kernels(beside).kernel(SOURCE, "zero_missing"),
          Grid.of(Math.toIntExact(blocks), THREADS),
          table(beside),
          tensors);
    }
  }

  /** The table on the GPU, copied there where it is not what it was. */
  private Tensor table(Tensor beside) {
    int length = tensors * WORDS;
    if (table == null || !Arrays.equals(uploaded, 0, uploaded.length, words, 0, length)) {
      close();
      uploaded = Arrays.copyOf(words, length);
      table =
          Tensors.scoped(
                  () -> {
                    Tensor host = Tensors.int64(length);
                    MemorySegment.copy(
                        uploaded, 0, Tensors.segment(host), ValueLayout.JAVA_LONG, 0, length);
                    return host.pin_memory()
                        .to(
                            beside.device(),
                            ScalarType.Long,
                            true,
                            true,
                            new MemoryFormatOptional());
                  })
              .retainReference();
    }
    return table;
  }

  @Override
  public void close() {
    if (table != null) {
      table.close();
      table = null;
    }
  }
}
