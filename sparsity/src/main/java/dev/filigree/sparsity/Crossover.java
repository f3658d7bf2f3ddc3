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
import java.util.LinkedHashMap;
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
  private static final int ROUNDS = 5;

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
            PackedInputs.kernels().provider(),
            System.getenv().getOrDefault("OPENBLAS_CORETYPE", "default"));
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
      all.put(machine(), bySize);
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
        var _ = new PointerScope()) {
      compressedSeconds(256, 0.9); // compiles the loops
      for (int size : SIZES) {
        double dense = denseSeconds(size);
        double crossover = NEVER;
        for (int i = SPARSITIES.length - 1; i >= 0; i--) {
          if (compressedSeconds(size, SPARSITIES[i]) > dense) {
            break;
          }
          crossover = SPARSITIES[i];
        }
        bySize.put(size, crossover);
      }
    }
    return new Crossover(bySize);
  }

  private static double denseSeconds(int size) {
    Tensor x = torch.randn(TOKENS, size);
    Tensor w = torch.randn(size, size);
    return best(
        () -> {
          torch.mm(x, w.t());
          torch.mm(x, w);
          torch.mm(x.t(), x);
        });
  }

  private static double compressedSeconds(int size, double sparsity) {
    SparseKernels kernels = PackedInputs.kernels();
    Tensor mask = Masks.topK(torch.rand(size, size), sparsity);
    SparseMatrix matrix = SparseMatrix.ofMask(size, size, Tensors.segment(mask));
    Tensor values = torch.randn(matrix.kept());
    Tensor gradient = torch.empty(matrix.kept());
    Tensor x = torch.randn(TOKENS, size);
    Tensor y = torch.empty(TOKENS, size);
    return best(
        () -> {
          try (var in = kernels.pack(Tensors.segment(x), TOKENS, size);
              var out = kernels.pack(Tensors.segment(x), TOKENS, size)) {
            kernels.forward(matrix, Tensors.segment(values), in, null, Tensors.segment(y));
            kernels.inputGradient(matrix, Tensors.segment(values), out, Tensors.segment(y));
            kernels.weightGradient(matrix, out, in, Tensors.segment(gradient));
          }
        });
  }

  private static double best(Runnable work) {
    long best = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS + 2; round++) {
      long start = System.nanoTime();
      Tensors.inScope(work);
      best = Math.min(best, System.nanoTime() - start);
    }
    return best / 1e9;
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
