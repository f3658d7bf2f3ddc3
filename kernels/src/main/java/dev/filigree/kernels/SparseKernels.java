package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.ALL;
import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.loops.Memory.INT;

import dev.filigree.kernels.loops.BlockKernels;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The three products of a linear layer with a sparse weight W [out, in], on the CPU in fp32:
 * forward Y = X·Wᵀ, input gradient dX = dY·W, weight gradient dW = dYᵀ·X at the kept positions.
 *
 * <p>Activations X [tokens, in] and gradients dY [tokens, out] are packed once ({@link #pack}) and
 * can then be used in any number of products. All matrices are row-major fp32 in native memory, as
 * libtorch's contiguous tensors are. Results are bitwise identical for any number of threads,
 * because each sum is accumulated by one thread in a fixed order.
 *
 * <p>Safe for use by several threads; concurrent calls run one after another.
 */
public final class SparseKernels implements AutoCloseable {
  /**
   * Bytes of packed activations that should stay in the last-level cache for several blocks of
   * rows.
   */
  private static final long CACHED_BYTES = 8 << 20;

  /** Weights in one work unit of the weight gradient: as many gradients as fit in a cache. */
  private static final int GRADIENTS_A_UNIT = 1 << 18;

  /** Units of the weight gradient per thread, so that all threads finish at about the same time. */
  private static final int UNITS_A_THREAD = 2;

  private static final int VALUES_A_UNIT = 1 << 16;
  private static final int FEATURES_A_UNIT = 256;

  private final BlockKernels kernels;
  private final WorkerPool pool;
  private final NativeBuffer[] rowsOfY; // one a worker: [row block][tile width]
  private final NativeBuffer transposedValues = new NativeBuffer();
  private final List<NativeBuffer> free = new ArrayList<>();

  SparseKernels(BlockKernels kernels, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + "; it must be at least 1");
    }
    this.kernels = kernels;
    pool = new WorkerPool(threads);
    rowsOfY = new NativeBuffer[threads];
    for (int i = 0; i < threads; i++) {
      rowsOfY[i] = new NativeBuffer();
    }
  }

  /**
   * Kernels that run on a given number of threads.
   *
   * @param threads the number of threads, including the calling one; at least 1
   * @throws IllegalArgumentException if threads is below 1
   * @throws IllegalStateException if a provider was forced that cannot run here
   */
  public static SparseKernels withThreads(int threads) {
    return new SparseKernels(KernelProvider.kernels(), threads);
  }

  /**
   * Kernels that run on as many threads as the machine has processors.
   *
   * @throws IllegalStateException if a provider was forced that cannot run here
   */
  public static SparseKernels create() {
    return withThreads(Runtime.getRuntime().availableProcessors());
  }

  /**
   * The reasons why the Vector API cannot be used here, each one a sentence with its remedy; empty
   * if it can be used.
   */
  public static List<String> obstacles() {
    return KernelProvider.obstacles();
  }

  /**
   * The implementation in use: {@code panama-512}, {@code panama-256}, {@code panama-128} or {@code
   * scalar}.
   */
  public String provider() {
    return kernels.name();
  }

  /** The number of threads, including the calling one. */
  public int threads() {
    return pool.threads();
  }

  /**
   * Copies a matrix into the layout that the products read.
   *
   * @param matrix [tokens, features], row-major fp32 in native memory
   * @param tokens the number of rows, 0 or more
   * @param features the number of columns, at least 1
   * @return the packed copy, independent of {@code matrix}
   * @throws IllegalArgumentException if tokens is negative, features is below 1, or the segment is
   *     not native memory of exactly tokens * features fp32 numbers
   */
  public synchronized PackedTokens pack(MemorySegment matrix, int tokens, int features) {
    if (tokens < 0 || features < 1) {
      throw new IllegalArgumentException(
          "shape [%d, %d]: tokens must not be negative, features at least 1"
              .formatted(tokens, features));
    }
    ArgumentChecks.floats("matrix", matrix, (long) tokens * features);
    var packed =
        new PackedTokens(this, tokens, features, buffer(PackedTokens.bytes(tokens, features)));
    try {
      var units = new Pieces(features, FEATURES_A_UNIT);
      int chunks = units.count();
      pool.run(
          Math.multiplyExact(packed.tiles(), chunks),
          (worker, unit) -> {
            int tile = unit / chunks;
            int first = units.start(unit % chunks);
            long source =
                matrix.address() + 4L * ((long) tile * BlockKernels.WIDE * features + first);
            kernels.pack(
                source,
                features,
                packed.tokensIn(tile),
                units.length(unit % chunks),
                packed.address(tile, first),
                packed.width(tile));
          });
    } finally {
      Reference.reachabilityFence(matrix);
    }
    return packed;
  }

  /**
   * Computes Y = X·Wᵀ + bias.
   *
   * @param weight the kept positions of W [out, in]
   * @param values the values of W, [kept]
   * @param x X, packed, [tokens, in]
   * @param bias [out], or null for none
   * @param y Y [tokens, out], overwritten
   * @throws IllegalArgumentException if a size does not match, or a segment is not native memory
   * @throws IllegalStateException if x has been closed
   */
  public synchronized void forward(
      SparseMatrix weight,
      MemorySegment values,
      PackedTokens x,
      @Nullable MemorySegment bias,
      MemorySegment y) {
    ArgumentChecks.floats("values", values, weight.kept());
    features("x", x, "in", weight.columns());
    if (bias != null) {
      ArgumentChecks.floats("bias", bias, weight.rows());
    }
    ArgumentChecks.floats("y", y, (long) x.tokens() * weight.rows());
    try {
      multiply(
          weight.byRows(), values.address(), x, bias == null ? 0 : bias.address(), y.address());
    } finally {
      Reference.reachabilityFence(weight);
      Reference.reachabilityFence(values);
      Reference.reachabilityFence(bias);
      Reference.reachabilityFence(y);
    }
  }

  /**
   * Computes the input gradient dX = dY·W.
   *
   * @param weight the kept positions of W [out, in]
   * @param values the values of W, [kept]
   * @param dy dY, packed, [tokens, out]
   * @param dx dX [tokens, in], overwritten
   * @throws IllegalArgumentException if a size does not match, or a segment is not native memory
   * @throws IllegalStateException if dy has been closed
   */
  public synchronized void inputGradient(
      SparseMatrix weight, MemorySegment values, PackedTokens dy, MemorySegment dx) {
    int kept = weight.kept();
    ArgumentChecks.floats("values", values, kept);
    features("dy", dy, "out", weight.rows());
    ArgumentChecks.floats("dx", dx, (long) dy.tokens() * weight.columns());
    try {
      long permutation = weight.permutation();
      long transposed = transposedValues.reserve(4L * kept).address();
      long from = values.address();
      var units = new Pieces(kept, VALUES_A_UNIT);
      pool.run(
          units.count(),
          (worker, unit) -> {
            int end = units.end(unit);
            for (int i = units.start(unit); i < end; i++) {
              int value = ALL.get(INT, permutation + 4L * i);
              ALL.set(FLOAT, transposed + 4L * i, ALL.get(FLOAT, from + 4L * value));
            }
          });
      multiply(weight.byColumns(), transposed, dy, 0, dx.address());
    } finally {
      Reference.reachabilityFence(weight);
      Reference.reachabilityFence(values);
      Reference.reachabilityFence(dx);
    }
  }

  /**
   * Computes the weight gradient dW = dYᵀ·X at the kept positions of W.
   *
   * @param weight the kept positions of W [out, in]
   * @param dy dY, packed, [tokens, out]
   * @param x X, packed, [tokens, in]
   * @param gradient [kept], in the order of the values, overwritten
   * @throws IllegalArgumentException if a size does not match, or a segment is not native memory
   * @throws IllegalStateException if dy or x has been closed
   */
  public synchronized void weightGradient(
      SparseMatrix weight, PackedTokens dy, PackedTokens x, MemorySegment gradient) {
    features("dy", dy, "out", weight.rows());
    features("x", x, "in", weight.columns());
    if (x.tokens() != dy.tokens()) {
      throw new IllegalArgumentException(
          "x has %d tokens and dy has %d; the numbers must be equal"
              .formatted(x.tokens(), dy.tokens()));
    }
    ArgumentChecks.floats("gradient", gradient, weight.kept());
    try {
      Panels panels = weight.byRows();
      int perUnit = panelsAUnit(panels);
      int chunks = Math.ceilDiv(panels.panels(), perUnit);
      long target = gradient.address();
      pool.run(
          panels.rowBlocks() * chunks,
          (worker, unit) -> {
            int first = unit / chunks * panels.panels() + unit % chunks * perUnit;
            int end = Math.min(first + perUnit, (unit / chunks + 1) * panels.panels());
            long from = target + 4L * panels.valueStart(first);
            long bytes = 4L * (panels.valueStart(end) - panels.valueStart(first));
            ALL.asSlice(from, bytes).fill((byte) 0);
            for (int tile = 0; tile < x.tiles(); tile += tilesAt(x, tile)) {
              boolean two = tilesAt(x, tile) == 2;
              for (int block = first; block < end; block++) {
                kernels.gradient(
                    panels.buckets(),
                    panels.bucketStart(block),
                    panels.bucketStart(block + 1),
                    panels.rowIds(block),
                    panels.columnIds(block),
                    target + 4L * panels.valueStart(block),
                    x.address(tile, block % panels.panels() * panels.panelWidth()),
                    dy.address(tile, unit / chunks * panels.rowBlock()),
                    x.width(tile),
                    two ? x.bytesOfTile() : 0,
                    two ? dy.bytesOfTile() : 0);
              }
            }
          });
    } finally {
      Reference.reachabilityFence(weight);
      Reference.reachabilityFence(gradient);
    }
  }

  /** The number of tiles that the weight gradient processes at once: two where both are full. */
  private static int tilesAt(PackedTokens x, int tile) {
    return tile + 1 < x.tiles() && x.width(tile + 1) == BlockKernels.WIDE ? 2 : 1;
  }

  /** Stops the worker threads. */
  @Override
  public void close() {
    pool.close();
  }

  /** Takes back the memory of packed tokens that are no longer needed. */
  synchronized void takeBack(NativeBuffer buffer) {
    free.add(buffer);
  }

  /** y = x·Wᵀ for a matrix in panels; a unit is one block of rows and one tile. */
  private void multiply(Panels panels, long values, PackedTokens x, long bias, long y) {
    // Tiles run fastest within a group that the last-level cache holds, so that a block of rows
    // comes from memory once for all of them.
    int group = Math.clamp(CACHED_BYTES / x.bytesOfTile(), 1, Math.max(1, x.tiles()));
    pool.run(
        Math.multiplyExact(x.tiles(), panels.rowBlocks()),
        (worker, unit) -> {
          int firstTile = unit / (group * panels.rowBlocks()) * group;
          int tiles = Math.min(group, x.tiles() - firstTile);
          int inGroup = unit - firstTile * panels.rowBlocks();
          int tile = firstTile + inGroup % tiles;
          int firstRow = inGroup / tiles * panels.rowBlock();
          rows(panels, values, x, tile, firstRow, bias, y, rowsOfY[worker]);
        });
  }

  /** One block of rows of {@link #multiply} for the tokens of one tile. */
  private void rows(
      Panels panels,
      long values,
      PackedTokens x,
      int tile,
      int firstRow,
      long bias,
      long y,
      NativeBuffer scratch) {
    int width = x.width(tile);
    int height = Math.min(panels.rowBlock(), panels.rows() - firstRow);
    long rows = scratch.reserve(4L * BlockKernels.WIDE * panels.rowBlock()).address();
    kernels.fill(rows, height, width, bias == 0 ? 0 : bias + 4L * firstRow);
    int firstBlock = firstRow / panels.rowBlock() * panels.panels();
    for (int panel = 0; panel < panels.panels(); panel++) {
      int block = firstBlock + panel;
      kernels.multiply(
          panels.buckets(),
          panels.bucketStart(block),
          panels.bucketStart(block + 1),
          panels.rowIds(block),
          panels.columnIds(block),
          values + 4L * panels.valueStart(block),
          x.address(tile, panel * panels.panelWidth()),
          rows,
          width);
    }
    long target = y + 4L * ((long) tile * BlockKernels.WIDE * panels.rows() + firstRow);
    kernels.unpack(rows, width, height, x.tokensIn(tile), target, panels.rows());
  }

  /** The smallest free buffer that is large enough, or a new one. */
  private NativeBuffer buffer(long bytes) {
    NativeBuffer best =
        free.stream()
            .filter(buffer -> buffer.byteSize() >= bytes && buffer.byteSize() <= 2 * bytes)
            .min(Comparator.comparingLong(NativeBuffer::byteSize))
            .orElse(null);
    if (best == null) {
      best = new NativeBuffer();
      best.reserve(bytes);
    } else {
      free.remove(best);
    }
    return best;
  }

  /** Panels of one block of rows that one unit of the weight gradient takes. */
  private int panelsAUnit(Panels panels) {
    int chunks = Math.ceilDiv(UNITS_A_THREAD * pool.threads(), panels.rowBlocks());
    long weights = 1L + panels.kept() / ((long) panels.panels() * panels.rowBlocks());
    long cached = GRADIENTS_A_UNIT / weights;
    return Math.clamp(cached, 1, Math.ceilDiv(panels.panels(), chunks));
  }

  private static void features(String name, PackedTokens packed, String dimension, int expected) {
    if (packed.features() != expected) {
      throw new IllegalArgumentException(
          "%s has %d features; the weight has %s = %d"
              .formatted(name, packed.features(), dimension, expected));
    }
  }
}
