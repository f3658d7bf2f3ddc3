package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Seconds that each product takes for one shape, packing and unpacking included: the best of
 * several repetitions, since whatever else runs on a machine only ever adds.
 *
 * @param forward pack X, then Y = X·Wᵀ
 * @param inputGradient pack dY, then dX = dY·W
 * @param weightGradient dW = dYᵀ·X from packed dY and X, as a backward pass has them
 * @param weightGradientPacking what packing X adds where the forward's packed X was not kept
 */
public record KernelTimings(
    double forward, double inputGradient, double weightGradient, double weightGradientPacking) {

  /**
   * Times the products of a random matrix.
   *
   * @param sparsity fraction of missing weights, uniform
   * @param repetitions how often each product runs, after as many runs to warm up
   */
  public static KernelTimings measure(
      SparseKernels kernels,
      int tokens,
      int in,
      int out,
      double sparsity,
      int repetitions,
      long seed) {
    try (var arena = Arena.ofShared()) {
      var random = new SplittableRandom(seed);
      int[] positions =
          MissingPositions.random(
              SparseMatrix.ofPositions(out, in, new int[0]),
              (int) Math.round((1 - sparsity) * out * in),
              random);
      var weight = SparseMatrix.ofPositions(out, in, positions);
      MemorySegment values = gaussian(arena, weight.kept(), random);
      MemorySegment gradient = gaussian(arena, weight.kept(), random);
      MemorySegment x = gaussian(arena, (long) tokens * in, random);
      MemorySegment dy = gaussian(arena, (long) tokens * out, random);
      MemorySegment y = gaussian(arena, (long) tokens * out, random);
      MemorySegment dx = gaussian(arena, (long) tokens * in, random);
      double[] best = {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE};
      for (int i = 0; i < 2 * repetitions; i++) {
        long start = System.nanoTime();
        PackedTokens packedX = kernels.pack(x, tokens, in);
        long packed = System.nanoTime();
        kernels.forward(weight, values, packedX, null, y);
        long forward = System.nanoTime();
        PackedTokens packedDy = kernels.pack(dy, tokens, out);
        kernels.inputGradient(weight, values, packedDy, dx);
        long input = System.nanoTime();
        kernels.weightGradient(weight, packedDy, packedX, gradient);
        long end = System.nanoTime();
        packedX.close();
        packedDy.close();
        if (i >= repetitions) {
          best[0] = Math.min(best[0], (forward - start) / 1e9);
          best[1] = Math.min(best[1], (input - forward) / 1e9);
          best[2] = Math.min(best[2], (end - input) / 1e9);
          best[3] = Math.min(best[3], (packed - start) / 1e9);
        }
      }
      return new KernelTimings(best[0], best[1], best[2], best[3]);
    }
  }

  private static MemorySegment gaussian(Arena arena, long count, SplittableRandom random) {
    MemorySegment numbers = arena.allocate(Math.max(4 * count, 4), 64);
    for (long i = 0; i < count; i++) {
      numbers.set(FLOAT, 4 * i, (float) random.nextGaussian());
    }
    return numbers.asSlice(0, 4 * count);
  }
}
