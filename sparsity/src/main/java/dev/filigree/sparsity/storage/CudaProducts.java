package dev.filigree.sparsity.storage;

import dev.filigree.cuda.CudaKernels;
import dev.filigree.cuda.Grid;
import dev.filigree.cuda.Kernel;
import dev.filigree.cuda.KernelSource;
import dev.filigree.torch.Cuda;
import dev.filigree.torch.Tensors;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The products on an NVIDIA GPU, by cuBLAS: a weight is expanded into a dense scratch, in the type
 * that the product is computed in, before each, and the gradient of a dense weight is gathered at
 * the kept positions as soon as it is there. One scratch serves all layers. Expanding and gathering
 * cost a pass over the dense weight each, a few hundredths of a product with thousands of tokens.
 * The gradient of a weight that is nearly empty is a {@link SampledGradient} instead.
 */
final class CudaProducts implements SparseProducts {
  /** The elements of a piece of the dense weight, as sparse.cu has it. */
  static final int TILE = 4096;

  private static final int THREADS = 256;
  private static final KernelSource SOURCE = KernelSource.of(CudaKernels.class, "sparse.cu");

  private final SampledGradient sampled;
  private final Map<ScalarType, Kernel> expand = new EnumMap<>(ScalarType.class);
  private final Map<ScalarType, Kernel> gather = new EnumMap<>(ScalarType.class);
  private @Nullable Tensor scratch; // uint8, as large as the largest weight so far

  CudaProducts() {
    this(SampledGradient.measured());
  }

  CudaProducts(SampledGradient sampled) {
    this.sampled = sampled;
  }

  @Override
  public String provider() {
    return "cuBLAS";
  }

  @Override
  public boolean isVectorized() {
    return true;
  }

  @Override
  public Optional<String> obstacle(Tensor weight) {
    if (!weight.is_cuda()) {
      return Optional.of("its products are made for a GPU, it is on another device");
    }
    if (Tensors.type(weight) != ScalarType.Float) {
      return Optional.of("values are kept in float32, it is " + Tensors.type(weight));
    }
    if (weight.numel() > Integer.MAX_VALUE) {
      return Optional.of("it has more than " + Integer.MAX_VALUE + " elements");
    }
    return Cuda.obstacle();
  }

  @Override
  public ScalarType computeType(Tensor x) {
    return torch.is_autocast_enabled(DeviceType.CUDA)
        ? torch.get_autocast_dtype(DeviceType.CUDA).intern()
        : Tensors.type(x);
  }

  @Override
  public SparseLayout layout(Tensor mask) {
    return new CudaLayout(this, mask);
  }

  @Override
  public Packed pack(Tensor x) {
    return new Tokens(x);
  }

  /** Nothing is prepared: tokens are what they are. */
  @Override
  public Packed packShared(SparseLayout layout, Tensor x) {
    return new Tokens(x);
  }

  @Override
  public Tensor forward(SparseLayout layout, Tensor values, Packed x) {
    Tensor tokens = tokens(x);
    var of = (CudaLayout) layout;
    return Tensors.scoped(() -> tokens.mm(weight(of, values, Tensors.type(tokens)).t()));
  }

  @Override
  public Tensor inputGradient(SparseLayout layout, Tensor values, Packed dy) {
    Tensor tokens = tokens(dy);
    var of = (CudaLayout) layout;
    return Tensors.scoped(() -> tokens.mm(weight(of, values, Tensors.type(tokens))));
  }

  @Override
  public Tensor weightGradient(SparseLayout layout, Packed dy, Packed x) {
    var of = (CudaLayout) layout;
    return sampled.isFaster(of, tokens(x))
        ? sampled.compute(of, tokens(dy), tokens(x))
        : Tensors.scoped(() -> gather(of, tokens(dy).t().mm(tokens(x))));
  }

  /** The step before an update needs the dense gradient: one product serves both. */
  @Override
  public Optional<Tensor> ofDenseGradient(SparseLayout layout, Tensor dense) {
    return Optional.of(gather((CudaLayout) layout, dense));
  }

  private static Tensor tokens(Packed packed) {
    return ((Tokens) packed).tokens;
  }

  /** The weight in the scratch, [rows, columns], until the next one is expanded. */
  private synchronized Tensor weight(CudaLayout layout, Tensor values, ScalarType type) {
    long elements = layout.rows() * layout.columns();
    long bytes = elements * (type == ScalarType.Float ? Float.BYTES : Short.BYTES);
    if (scratch == null || scratch.numel() < bytes) {
      if (scratch != null) {
        scratch.close();
      }
      scratch = Tensors.emptyBeside(values, ScalarType.Byte, bytes).retainReference();
    }
    Tensor dense = scratch.narrow(0, 0, bytes).view(type).view(layout.rows(), layout.columns());
    expand(layout, values, dense);
    return dense;
  }

  /** Writes values at their positions and zero elsewhere into a contiguous dense tensor. */
  void expand(CudaLayout layout, Tensor values, Tensor dense) {
    Cuda.launch(
        kernel(expand, "expand", dense),
        Grid.of(layout.tiles(), THREADS),
        values,
        layout.kernelPositions(),
        layout.tileStarts(),
        dense.numel(),
        dense);
  }

  /** The elements of a dense tensor [rows, columns] at the positions, as float32 [kept]. */
  private Tensor gather(CudaLayout layout, Tensor dense) {
    int kept = Math.toIntExact(layout.kept());
    Tensor values = Tensors.emptyBeside(dense, ScalarType.Float, kept);
    Cuda.launch(
        kernel(gather, "gather", dense),
        Grid.covering(kept, THREADS),
        dense.contiguous(),
        layout.kernelPositions(),
        kept,
        values);
    return values;
  }

  private static synchronized Kernel kernel(
      Map<ScalarType, Kernel> known, String name, Tensor tensor) {
    return known.computeIfAbsent(
        Tensors.type(tensor), type -> Cuda.kernels(tensor).kernel(Cuda.of(SOURCE, type), name));
  }

  /** Sets the bytes of a mask of zeros where weights exist. */
  static void mark(CudaLayout layout, Tensor mask) {
    int kept = Math.toIntExact(layout.kept());
    Cuda.launch(
        Cuda.kernels(mask).kernel(Cuda.of(SOURCE, ScalarType.Float), "mark"),
        Grid.covering(kept, THREADS),
        layout.kernelPositions(),
        kept,
        mask);
  }

  @Override
  public synchronized void close() {
    if (scratch != null) {
      scratch.close();
      scratch = null;
    }
  }

  /** A reference to tokens that lives until everyone who needs them has released it. */
  private static final class Tokens implements Packed {
    private final Tensor tokens;
    private final AtomicInteger uses = new AtomicInteger(1);

    Tokens(Tensor x) {
      tokens = x.detach().retainReference();
    }

    @Override
    public void release() {
      if (uses.decrementAndGet() == 0) {
        tokens.close();
      }
    }
  }
}
