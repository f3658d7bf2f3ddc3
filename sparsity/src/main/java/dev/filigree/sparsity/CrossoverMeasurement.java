package dev.filigree.sparsity;

import com.sun.management.OperatingSystemMXBean;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.sparsity.storage.SparseLayout;
import dev.filigree.sparsity.storage.SparseProducts;
import dev.filigree.torch.Libtorch;
import dev.filigree.torch.Processor;
import dev.filigree.torch.Tensors;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Measures the {@link Crossover} of one size: forward and both gradients of a square layer with 512
 * tokens, dense against compressed, at the few sparsities of a bisection.
 */
final class CrossoverMeasurement {
  /** The sides of the layers that can be measured; a layer goes by the next smaller one. */
  static final List<Integer> SIZES = List.of(256, 512, 1024, 2048);

  static final int TOKENS = 512;
  private static final double[] SPARSITIES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
  private static final int ROUNDS = 6;
  private static final int WARM_UP_SIZE = 256;
  private static final int WARM_UP_ROUNDS = 200;

  /**
   * The time limit of one pair, whatever else the machine does: rounds that do not fit are left
   * out.
   */
  private static final long MOST_NANOS = 1_000_000_000;

  /** Rounds of small layers are short: the few of large ones would compare scheduling and JIT. */
  private static final long LEAST_NANOS = 400_000_000;

  private final Device device;
  private boolean warm;

  CrossoverMeasurement(Device device) {
    this.device = device;
  }

  /**
   * What the measurement depends on.
   *
   * @param provider of the sparse products
   */
  static String key(Device device, String provider) {
    String key =
        "%s, %d threads, %s, OpenBLAS %s"
            .formatted(
                Processor.current().name(),
                torch.get_num_threads(),
                provider,
                Libtorch.variable("OPENBLAS_CORETYPE").orElse("default"));
    return device.is_cpu() ? key : device.str().getString() + ", " + key;
  }

  /** Seconds of a round: of the dense layer first, then of compressed ones at some densities. */
  synchronized double[] seconds(int size, List<Double> densities) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope();
        var products = SparseProducts.of(device).orElseThrow()) {
      warmUp(products);
      var contestants = new ArrayList<Runnable>(List.of(dense(size)));
      densities.forEach(density -> contestants.add(compressed(products, size, 1 - density)));
      return Arrays.stream(best(contestants, ROUNDS)).mapToDouble(nanos -> nanos / 1e9).toArray();
    }
  }

  /** Compiles the loops. */
  private void warmUp(SparseProducts products) {
    if (!warm) {
      best(List.of(compressed(products, WARM_UP_SIZE, 0.9)), WARM_UP_ROUNDS);
      warm = true;
    }
  }

  synchronized Crossover.Measured of(int size) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope();
        var products = SparseProducts.of(device).orElseThrow()) {
      warmUp(products);
      otherPrograms(); // loads are those since the last question
      double sparsity = bisect(products, size);
      return new Crossover.Measured(sparsity, otherPrograms());
    }
  }

  /** The lowest sparsity at which compressed is faster, above which it is taken to be so too. */
  private double bisect(SparseProducts products, int size) {
    int low = 0;
    int high = SPARSITIES.length;
    while (low < high) {
      int middle = (low + high) / 2;
      try (var _ = new PointerScope()) {
        long[] nanos =
            best(List.of(dense(size), compressed(products, size, SPARSITIES[middle])), ROUNDS);
        if (nanos[1] < nanos[0]) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
    }
    return high == SPARSITIES.length ? Crossover.NEVER : SPARSITIES[high];
  }

  /** The share of the processors that other programs use, a fraction; 0 where it is unknown. */
  private static double otherPrograms() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      double all = system.getCpuLoad();
      double own = system.getProcessCpuLoad();
      return all >= 0 && own >= 0 ? Math.max(0, all - own) : 0;
    }
    return 0;
  }

  /** Random numbers that leave libtorch's generator, which is the caller's, untouched. */
  private Tensor numbers(long rows, long columns) {
    return torch
        .linspace(new Scalar(-1), new Scalar(1), rows * columns)
        .to(device, ScalarType.Float)
        .view(rows, columns);
  }

  /** Forward, input gradient and weight gradient of a dense layer. */
  private Runnable dense(int size) {
    Tensor x = numbers(TOKENS, size);
    Tensor w = numbers(size, size);
    return () -> {
      torch.mm(x, w.t());
      torch.mm(x, w);
      torch.mm(x.t(), x);
    };
  }

  private Runnable compressed(SparseProducts products, int size, double sparsity) {
    Tensor scores = RandomScores.of(0, "crossover", 0).tensor(device, size, size);
    SparseLayout layout = products.layout(Masks.topK(scores, sparsity));
    Tensor values = numbers(1, layout.kept()).view(-1);
    Tensor x = numbers(TOKENS, size);
    return () -> {
      SparseProducts.Packed in = products.pack(x);
      SparseProducts.Packed out = products.pack(x);
      products.forward(layout, values, in);
      products.inputGradient(layout, values, out);
      products.weightGradient(layout, out, in);
      in.release();
      out.release();
    };
  }

  /**
   * The shortest time of each, in turns: other work on the machine hits all alike. There are two
   * rounds at least, as many as requested and more until {@link #LEAST_NANOS} are spent, and no
   * further one once {@link #MOST_NANOS} are.
   */
  private static long[] best(List<Runnable> contestants, int rounds) {
    var best = new long[contestants.size()];
    Arrays.fill(best, Long.MAX_VALUE);
    long begin = System.nanoTime();
    long spent = 0;
    for (int round = 0;
        round < 2 || (spent < MOST_NANOS && (round < rounds || spent < LEAST_NANOS));
        round++) {
      for (int i = 0; i < best.length; i++) {
        long start = System.nanoTime();
        Tensors.inScope(contestants.get(i));
        best[i] = Math.min(best[i], System.nanoTime() - start);
      }
      spent = System.nanoTime() - begin;
    }
    return best;
  }
}
