package dev.filigree.sparsity.storage;

import dev.filigree.kernels.PackedTokens;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The products on the CPU, in float32, with as many threads as libtorch has. Inputs that several
 * layers read (q, k and v; gate and up) are packed once, and kept for the backward passes.
 */
final class CpuProducts implements SparseProducts {
  private @Nullable SparseKernels kernels;
  private @Nullable Shared shared;

  @Override
  public String provider() {
    return kernels().provider();
  }

  @Override
  public boolean isVectorized() {
    return SparseKernels.obstacles().isEmpty();
  }

  @Override
  public Optional<String> obstacle(Tensor weight) {
    if (!weight.is_cpu()) {
      return Optional.of("the sparse kernels run on the CPU, it is on another device");
    }
    if (Tensors.type(weight) != ScalarType.Float) {
      return Optional.of("the sparse kernels compute in float32, it is " + Tensors.type(weight));
    }
    if (weight.numel() > SparseMatrix.MAX_ELEMENTS) {
      return Optional.of("it has more than " + SparseMatrix.MAX_ELEMENTS + " elements");
    }
    return Optional.empty();
  }

  @Override
  public ScalarType computeType(Tensor x) {
    return ScalarType.Float;
  }

  @Override
  public SparseLayout layout(Tensor mask) {
    return new Layout(
        SparseMatrix.ofMask(
            Math.toIntExact(mask.size(0)),
            Math.toIntExact(mask.size(1)),
            Tensors.segment(mask.contiguous())));
  }

  @Override
  public Packed pack(Tensor x) {
    return new Tokens(kernels(), x);
  }

  @Override
  public synchronized Packed packShared(SparseLayout layout, Tensor x) {
    if (shared == null || !shared.holds(x) || shared.readers.contains(layout)) {
      forgetShared();
      shared = new Shared(x, new Tokens(kernels(), x));
    }
    shared.readers.add(layout);
    return shared.tokens.used();
  }

  @Override
  public Tensor forward(SparseLayout layout, Tensor values, Packed x) {
    PackedTokens tokens = tokens(x);
    Tensor y = torch.empty(tokens.tokens(), layout.rows());
    kernels().forward(matrix(layout), Tensors.segment(values), tokens, null, Tensors.segment(y));
    return y;
  }

  @Override
  public Tensor inputGradient(SparseLayout layout, Tensor values, Packed dy) {
    PackedTokens tokens = tokens(dy);
    Tensor dx = torch.empty(tokens.tokens(), layout.columns());
    kernels().inputGradient(matrix(layout), Tensors.segment(values), tokens, Tensors.segment(dx));
    return dx;
  }

  @Override
  public Tensor weightGradient(SparseLayout layout, Packed dy, Packed x) {
    Tensor dw = torch.empty(layout.kept());
    kernels().weightGradient(matrix(layout), tokens(dy), tokens(x), Tensors.segment(dw));
    return dw;
  }

  private static SparseMatrix matrix(SparseLayout layout) {
    return ((Layout) layout).matrix;
  }

  private static PackedTokens tokens(Packed packed) {
    return ((Tokens) packed).packed;
  }

  private synchronized SparseKernels kernels() {
    int threads = torch.get_num_threads();
    if (kernels == null || kernels.threads() != threads) {
      if (kernels != null) {
        kernels.close();
      }
      kernels = SparseKernels.withThreads(threads);
    }
    return kernels;
  }

  private void forgetShared() {
    if (shared != null) {
      shared.source.close();
      shared.tokens.release();
      shared = null;
    }
  }

  @Override
  public synchronized void close() {
    forgetShared();
    if (kernels != null) {
      kernels.close();
      kernels = null;
    }
  }

  /** Packed tokens with a count of who still needs them. */
  private static final class Tokens implements Packed {
    private final PackedTokens packed;
    private final AtomicInteger uses = new AtomicInteger(1);

    Tokens(SparseKernels kernels, Tensor x) {
      packed =
          kernels.pack(Tensors.segment(x), Math.toIntExact(x.size(0)), Math.toIntExact(x.size(1)));
    }

    Tokens used() {
      uses.incrementAndGet();
      return this;
    }

    @Override
    public void release() {
      if (uses.decrementAndGet() == 0) {
        packed.close();
      }
    }
  }

  /**
   * What was packed last.
   *
   * @param source held meanwhile: no other tensor gets its memory
   * @param version of its contents, as far as libtorch knows
   * @param readers who had it, by identity
   */
  private record Shared(Tensor source, long version, Tokens tokens, Set<SparseLayout> readers) {
    Shared(Tensor x, Tokens tokens) {
      this(
          new Tensor(x).retainReference(),
          x._version(),
          tokens,
          Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    boolean holds(Tensor x) {
      return Tensors.segment(x).address() == Tensors.segment(source).address() // 0 where empty
          && x._version() == version
          && Arrays.equals(Tensors.shape(x), Tensors.shape(source));
    }
  }

  /** Positions in the order of the kernels. */
  private record Layout(SparseMatrix matrix) implements SparseLayout {
    @Override
    public long rows() {
      return matrix.rows();
    }

    @Override
    public long columns() {
      return matrix.columns();
    }

    @Override
    public long kept() {
      return matrix.kept();
    }

    @Override
    public long bytes() {
      return matrix.structureBytes();
    }

    @Override
    public Tensor positions() {
      return torch.tensor(matrix.positions()).to(ScalarType.Long);
    }

    @Override
    public Tensor mask() {
      Tensor mask =
          torch.empty(
              new long[] {matrix.rows(), matrix.columns()},
              new TensorOptions(ScalarType.Bool),
              new MemoryFormatOptional());
      matrix.mask(Tensors.segment(mask));
      return mask;
    }

    @Override
    public Tensor gather(Tensor dense) {
      if (Tensors.type(dense) != ScalarType.Float) { // counts, of which there are few
        return dense.reshape(-1).index_select(0, positions());
      }
      Tensor values = torch.empty(matrix.kept());
      matrix.gather(Tensors.segment(dense.contiguous()), Tensors.segment(values));
      return values;
    }

    @Override
    public Tensor scatter(Tensor values) {
      if (Tensors.type(values) != ScalarType.Float) {
        return torch
            .zeros(new long[] {(long) matrix.rows() * matrix.columns()}, values.options())
            .index_copy_(0, positions(), values)
            .view(matrix.rows(), matrix.columns());
      }
      Tensor dense = torch.empty(matrix.rows(), matrix.columns());
      matrix.scatter(Tensors.segment(values.contiguous()), Tensors.segment(dense));
      return dense;
    }

    @Override
    public UnaryOperator<Tensor> rearranging(SparseLayout other) {
      int[] indices = matrix.indicesIn(CpuProducts.matrix(other));
      return values -> {
        if (Tensors.type(values) != ScalarType.Float) {
          return gather(other.scatter(values));
        }
        MemorySegment from = Tensors.segment(values.contiguous());
        Tensor result = torch.empty(indices.length);
        MemorySegment to = Tensors.segment(result);
        for (int i = 0; i < indices.length; i++) {
          to.setAtIndex(
              ValueLayout.JAVA_FLOAT,
              i,
              indices[i] < 0 ? 0 : from.getAtIndex(ValueLayout.JAVA_FLOAT, indices[i]));
        }
        return result;
      };
    }

    @Override
    public void close() {
      // Its memory goes with the matrix.
    }
  }
}
