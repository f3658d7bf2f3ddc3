package dev.filigree.bench;

import dev.filigree.bench.KernelRow.Kernel;
import dev.filigree.bench.KernelSettings.Shape;
import dev.filigree.kernels.PackedTokens;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;

/** The products of a linear layer with a random sparse weight. */
final class TimedProducts implements AutoCloseable {
  private static final long SEED = 1;
  private static final long CACHE_LINE = 64;

  private final Arena arena = Arena.ofShared();
  private final SparseKernels kernels;
  private final Shape shape;
  private final SparseMatrix weight;
  private final MemorySegment values; // [kept]
  private final MemorySegment gradient; // [kept]
  private final MemorySegment x; // [tokens, in]
  private final MemorySegment dy; // [tokens, out]
  private final MemorySegment y; // [tokens, out]
  private final MemorySegment dx; // [tokens, in]
  private final Map<Kernel, Double> least = new EnumMap<>(Kernel.class);

  TimedProducts(SparseKernels kernels, Shape shape, double sparsity) {
    this.kernels = kernels;
    this.shape = shape;
    var random = new SplittableRandom(SEED);
    var mask = new BitSet(shape.in() * shape.out());
    for (int i = 0; i < shape.in() * shape.out(); i++) {
      mask.set(i, random.nextDouble() >= sparsity);
    }
    weight = SparseMatrix.ofMask(shape.out(), shape.in(), mask);
    values = gaussian(weight.kept(), random);
    gradient = gaussian(weight.kept(), random);
    x = gaussian((long) shape.tokens() * shape.in(), random);
    dy = gaussian((long) shape.tokens() * shape.out(), random);
    y = gaussian((long) shape.tokens() * shape.out(), random);
    dx = gaussian((long) shape.tokens() * shape.in(), random);
  }

  private MemorySegment gaussian(long count, SplittableRandom random) {
    MemorySegment numbers = arena.allocate(Math.max(4 * count, 4), CACHE_LINE);
    for (long i = 0; i < count; i++) {
      numbers.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    return numbers.asSlice(0, 4 * count);
  }

  int kept() {
    return weight.kept();
  }

  /** Times each product once. */
  void round() {
    long start = System.nanoTime();
    try (PackedTokens packedX = kernels.pack(x, shape.tokens(), shape.in())) {
      kernels.forward(weight, values, packedX, null, y);
      long forward = System.nanoTime();
      try (PackedTokens packedDy = kernels.pack(dy, shape.tokens(), shape.out())) {
        kernels.inputGradient(weight, values, packedDy, dx);
        long input = System.nanoTime();
        kernels.weightGradient(weight, packedDy, packedX, gradient);
        long end = System.nanoTime();
        least.merge(Kernel.FORWARD, (forward - start) / 1e9, Math::min);
        least.merge(Kernel.INPUT_GRADIENT, (input - forward) / 1e9, Math::min);
        least.merge(Kernel.WEIGHT_GRADIENT, (end - input) / 1e9, Math::min);
      }
    }
  }

  /** The shortest of the rounds since {@link #forget}, in seconds. */
  double seconds(Kernel kernel) {
    return least.getOrDefault(kernel, Double.POSITIVE_INFINITY);
  }

  /** Leaves out the rounds until now. */
  void forget() {
    least.clear();
  }

  @Override
  public void close() {
    arena.close();
  }
}
