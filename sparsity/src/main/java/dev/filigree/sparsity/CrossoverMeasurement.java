package dev.filigree.sparsity;

import com.sun.management.OperatingSystemMXBean;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures the {@link Crossover} of one size: forward and both gradients of a square layer with 512
 * tokens, dense against compressed, at the few sparsities that a bisection asks for.
 */
final class CrossoverMeasurement {
  /** The sides of the layers that can be measured; a layer goes by the next smaller one. */
  static final List<Integer> SIZES = List.of(256, 512, 1024, 2048);

  private static final Logger LOG = LoggerFactory.getLogger(CrossoverMeasurement.class);
  private static final int TOKENS = 512;
  private static final double[] SPARSITIES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
  private static final int ROUNDS = 6;
  private static final int WARM_UP_SIZE = 256;
  private static final int WARM_UP_ROUNDS = 200;

  private static boolean warm;

  private CrossoverMeasurement() {}

  /** What the measurement depends on. */
  static String machine() {
    String processor = System.getProperty("os.arch");
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      processor =
          lines
              .filter(line -> line.startsWith("model name") || line.startsWith("model\t"))
              .distinct()
              .reduce("", (left, right) -> left + right.substring(right.indexOf(':') + 1));
    } catch (IOException e) {
      LOG.debug("no /proc/cpuinfo", e);
    }
    return "%s, %d threads, %s, OpenBLAS %s"
        .formatted(
            processor.strip(),
            torch.get_num_threads(),
            Crossover.provider(),
            System.getenv().getOrDefault("OPENBLAS_CORETYPE", "default"));
  }

  static synchronized Crossover.Measured of(int size) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope();
        var kernels = SparseKernels.withThreads(torch.get_num_threads())) {
      if (!warm) {
        best(List.of(compressed(kernels, WARM_UP_SIZE, 0.9)), WARM_UP_ROUNDS); // compiles the loops
        warm = true;
      }
      otherPrograms(); // loads are those since the last question
      double sparsity = bisect(kernels, size);
      return new Crossover.Measured(sparsity, otherPrograms());
    }
  }

  /** The lowest sparsity at which compressed is faster, above which it is taken to be so too. */
  private static double bisect(SparseKernels kernels, int size) {
    int low = 0;
    int high = SPARSITIES.length;
    while (low < high) {
      int middle = (low + high) / 2;
      try (var _ = new PointerScope()) {
        long[] nanos =
            best(List.of(dense(size), compressed(kernels, size, SPARSITIES[middle])), ROUNDS);
        if (nanos[1] < nanos[0]) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
    }
    return high == SPARSITIES.length ? Crossover.NEVER : SPARSITIES[high];
  }

  /** The share of the processors in other programs' hands, a fraction; 0 where nobody knows. */
  private static double otherPrograms() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      double all = system.getCpuLoad();
      double own = system.getProcessCpuLoad();
      return all >= 0 && own >= 0 ? Math.max(0, all - own) : 0;
    }
    return 0;
  }

  /** Numbers that leave libtorch's generator, the caller's, as it is. */
  private static Tensor numbers(long rows, long columns) {
    return torch.linspace(new Scalar(-1), new Scalar(1), rows * columns).view(rows, columns);
  }

  /** Forward, input gradient and weight gradient of a dense layer. */
  private static Runnable dense(int size) {
    Tensor x = numbers(TOKENS, size);
    Tensor w = numbers(size, size);
    return () -> {
      torch.mm(x, w.t());
      torch.mm(x, w);
      torch.mm(x.t(), x);
    };
  }

  private static Runnable compressed(SparseKernels kernels, int size, double sparsity) {
    Tensor scores =
        RandomScores.of(0, "crossover", 0).tensor(new Device("cpu"), new long[] {size, size});
    Tensor mask = Masks.topK(scores, sparsity);
    SparseMatrix matrix = SparseMatrix.ofMask(size, size, Tensors.segment(mask));
    Tensor values = numbers(1, matrix.kept()).view(-1);
    Tensor gradient = torch.empty(matrix.kept());
    Tensor x = numbers(TOKENS, size);
    Tensor y = torch.empty(TOKENS, size);
    return () -> {
      try (var in = kernels.pack(Tensors.segment(x), TOKENS, size);
          var out = kernels.pack(Tensors.segment(x), TOKENS, size)) {
        kernels.forward(matrix, Tensors.segment(values), in, null, Tensors.segment(y));
        kernels.inputGradient(matrix, Tensors.segment(values), out, Tensors.segment(y));
        kernels.weightGradient(matrix, out, in, Tensors.segment(gradient));
      }
    };
  }

  /** The shortest time of each, in turns: other work on the machine hits all alike. */
  private static long[] best(List<Runnable> contestants, int rounds) {
    var best = new long[contestants.size()];
    Arrays.fill(best, Long.MAX_VALUE);
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < best.length; i++) {
        long start = System.nanoTime();
        Tensors.inScope(contestants.get(i));
        best[i] = Math.min(best[i], System.nanoTime() - start);
      }
    }
    return best;
  }
}
