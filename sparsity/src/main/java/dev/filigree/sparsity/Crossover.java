package dev.filigree.sparsity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.Masks;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From which sparsity on a linear layer trains faster compressed than dense: measured once for a
 * machine, on square layers of a few sizes with 512 tokens, forward and both gradients, and kept in
 * the user's cache.
 *
 * @param bySize the sparsity by the side of the layer; above 1 where dense was always faster
 */
public record Crossover(Map<Integer, Double> bySize) {
  private static final Logger LOG = LoggerFactory.getLogger(Crossover.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int TOKENS = 512;
  private static final int[] SIZES = {256, 512, 1024, 2048};
  private static final double[] SPARSITIES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
  private static final double NEVER = 2;
  private static final int ROUNDS = 8;
  private static final int WARM_UP_SIZE = 256;
  private static final int WARM_UP_ROUNDS = 200;

  private static @Nullable Crossover measured;

  public Crossover {
    bySize = Map.copyOf(bySize);
  }

  /** The crossover of this machine: from the cache, or measured now, which takes some seconds. */
  public static synchronized Crossover ofThisMachine() {
    if (measured == null) {
      measured = read(cache()).orElse(null);
    }
    if (measured == null) {
      measured = measure();
      measured.write(cache());
    }
    return measured;
  }

  /** The sparsity from which a layer of this shape is faster compressed. */
  public double sparsity(long rows, long columns) {
    double side = Math.sqrt((double) rows * columns);
    var sizes = new TreeMap<>(bySize);
    var smaller = sizes.floorEntry((int) side);
    return (smaller == null ? sizes.firstEntry() : smaller).getValue();
  }

  /** Where the measurement is kept. */
  public static Path cache() {
    String home = System.getenv("XDG_CACHE_HOME");
    Path folder =
        home == null || home.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(home);
    return folder.resolve("filigree").resolve("crossover.json");
  }

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
            provider(),
            System.getenv().getOrDefault("OPENBLAS_CORETYPE", "default"));
  }

  private static String provider() {
    try (var kernels = SparseKernels.withThreads(1)) {
      return kernels.provider();
    }
  }

  private static java.util.Optional<Crossover> read(Path file) {
    try {
      JsonNode json = JSON.readTree(Files.readString(file)).path(machine());
      var bySize = new LinkedHashMap<Integer, Double>();
      json.properties()
          .forEach(e -> bySize.put(Integer.valueOf(e.getKey()), e.getValue().asDouble(NEVER)));
      return bySize.isEmpty()
          ? java.util.Optional.empty()
          : java.util.Optional.of(new Crossover(bySize));
    } catch (IOException | NumberFormatException e) {
      return java.util.Optional.empty();
    }
  }

  private void write(Path file) {
    try {
      Files.createDirectories(file.getParent());
      var all = new LinkedHashMap<String, Object>();
      if (Files.exists(file)) {
        JSON.readTree(Files.readString(file))
            .properties()
            .forEach(e -> all.put(e.getKey(), e.getValue()));
      }
      all.put(machine(), new TreeMap<>(bySize));
      Path aside = Files.createTempFile(file.getParent(), "crossover", ".json");
      Files.writeString(aside, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all));
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.debug("the crossover could not be kept in {}", file, e);
    }
  }

  /** Measures this machine. */
  static Crossover measure() {
    LOG.info("measuring once from which sparsity compressed execution is faster");
    var bySize = new LinkedHashMap<Integer, Double>();
    try (var _ = new NoGradGuard();
        var _ = new PointerScope();
        var kernels = SparseKernels.withThreads(torch.get_num_threads())) {
      best(List.of(compressed(kernels, WARM_UP_SIZE, 0.9)), WARM_UP_ROUNDS); // compiles the loops
      for (int size : SIZES) {
        var contestants = new ArrayList<Runnable>();
        contestants.add(dense(size));
        for (double sparsity : SPARSITIES) {
          contestants.add(compressed(kernels, size, sparsity));
        }
        bySize.put(size, crossover(best(contestants, ROUNDS)));
      }
    }
    return new Crossover(bySize);
  }

  /** The lowest sparsity from which on all are faster than dense, whose time comes first. */
  private static double crossover(long[] nanos) {
    double crossover = NEVER;
    for (int i = SPARSITIES.length - 1; i >= 0 && nanos[i + 1] < nanos[0]; i--) {
      crossover = SPARSITIES[i];
    }
    return crossover;
  }

  /** Forward, input gradient and weight gradient of a dense layer. */
  private static Runnable dense(int size) {
    Tensor x = torch.randn(TOKENS, size);
    Tensor w = torch.randn(size, size);
    return () -> {
      torch.mm(x, w.t());
      torch.mm(x, w);
      torch.mm(x.t(), x);
    };
  }

  private static Runnable compressed(SparseKernels kernels, int size, double sparsity) {
    Tensor mask = Masks.topK(torch.rand(size, size), sparsity);
    SparseMatrix matrix = SparseMatrix.ofMask(size, size, Tensors.segment(mask));
    Tensor values = torch.randn(matrix.kept());
    Tensor gradient = torch.empty(matrix.kept());
    Tensor x = torch.randn(TOKENS, size);
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

  @Override
  public String toString() {
    var text = new StringBuilder();
    new TreeMap<>(bySize)
        .forEach(
            (size, sparsity) ->
                text.append(text.isEmpty() ? "" : ", ")
                    .append(
                        sparsity > 1
                            ? "%d: never".formatted(size)
                            : String.format(Locale.ROOT, "%d: %.2f", size, sparsity)));
    return text.toString();
  }
}
