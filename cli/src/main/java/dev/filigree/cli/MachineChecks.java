package dev.filigree.cli;

import dev.filigree.config.CacheFolder;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.sparsity.Crossover;
import dev.filigree.torch.Libtorch;
import dev.filigree.torch.OpenBlas;
import dev.filigree.torch.Processor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;

/** The checks of the doctor, each with what it found and how to mend it. */
final class MachineChecks {
  private static final int REQUIRED_JAVA = 25;
  private static final long GIB = 1L << 30;

  private MachineChecks() {}

  /** The quick ones first. */
  static List<Supplier<Check>> all() {
    var checks =
        new ArrayList<Supplier<Check>>(
            List.of(
                MachineChecks::java,
                MachineChecks::javaSources,
                MachineChecks::memory,
                MachineChecks::disk,
                MachineChecks::kernels));
    checks.addAll(GpuChecks.all());
    if (GpuChecks.libtorchLoads()) {
      checks.addAll(
          List.of(
              MachineChecks::simd,
              MachineChecks::bfloat16,
              MachineChecks::blas,
              MachineChecks::threads,
              MachineChecks::waitPolicy,
              MachineChecks::crossover));
    }
    return checks;
  }

  private static Check java() {
    String found =
        "%s %s, %s"
            .formatted(
                Runtime.version(),
                System.getProperty("java.vendor"),
                System.getProperty("java.home"));
    return Runtime.version().feature() >= REQUIRED_JAVA
        ? Check.good("JDK", found)
        : Check.missing("JDK", found, "install a JDK 25: https://adoptium.net");
  }

  private static Check javaSources() {
    Path sources = Path.of(System.getProperty("java.home"), "lib", "src.zip");
    return Files.exists(sources)
        ? Check.good("Java sources", sources + " (the default training text)")
        : Check.missing(
            "Java sources",
            "this JDK has no lib/src.zip, the default training text",
            "use a JDK with sources, or give your own: -s train_dataloader.data_dir=DIR");
  }

  private static Check kernels() {
    List<String> obstacles = SparseKernels.obstacles();
    try (SparseKernels kernels = SparseKernels.create()) {
      return obstacles.isEmpty()
          ? Check.good("Sparse kernels", kernels.provider())
          : Check.slow(
              "Sparse kernels", kernels.provider() + ", without SIMD", String.join(" ", obstacles));
    }
  }

  private static Check simd() {
    return Check.good("SIMD", "libtorch uses " + torch.get_cpu_capability().getString());
  }

  private static Check bfloat16() {
    return Check.good(
        "bfloat16",
        Processor.current().multipliesBfloat16()
            ? "units for it: dense products are about twice as fast as in float32"
            : "no units for it: runs in bfloat16 compute in float32 here");
  }

  private static Check blas() {
    String core = OpenBlas.coreName().orElse("unknown");
    String found = "OpenBLAS, kernels for " + core;
    boolean wide = torch.get_cpu_capability().getString().equals("AVX512");
    boolean narrowKernels = List.of("haswell", "zen").contains(core.toLowerCase(Locale.ROOT));
    return wide && narrowKernels
        ? Check.slow(
            "BLAS",
            found + ", which are AVX2; this processor has AVX-512",
            "export OPENBLAS_CORETYPE=SKYLAKEX")
        : Check.good("BLAS", found);
  }

  /** Measured once for a machine, and then kept. */
  private static Check crossover() {
    String bySize =
        new TreeMap<>(Crossover.of(new Device("cpu")).bySize())
            .entrySet().stream()
                .map(entry -> entry.getKey() + "²: " + from(entry.getValue()))
                .collect(Collectors.joining(", "));
    return Check.good("Compressed wins", bySize);
  }

  private static String from(double sparsity) {
    return sparsity <= 1
        ? String.format(Locale.ROOT, "from %.0f %% sparsity", 100 * sparsity)
        : "never";
  }

  private static Check threads() {
    int processors = Runtime.getRuntime().availableProcessors();
    int threads = torch.get_num_threads();
    String found = "%d of libtorch on %d processors".formatted(threads, processors);
    return threads > processors
        ? Check.slow("Threads", found, "export OMP_NUM_THREADS=" + processors)
        : Check.good("Threads", found);
  }

  private static Check waitPolicy() {
    String policy = Libtorch.variable("OMP_WAIT_POLICY").orElse("not set");
    return policy.equalsIgnoreCase("PASSIVE")
        ? Check.good("OMP_WAIT_POLICY", policy)
        : Check.slow(
            "OMP_WAIT_POLICY",
            policy + ": OpenMP's threads spin and take cores from the JVM's",
            "export OMP_WAIT_POLICY=PASSIVE");
  }

  private static Check memory() {
    double heap = Runtime.getRuntime().maxMemory() / (double) GIB;
    return Check.good("Java heap", "at most %.1f GiB; tensors lie outside it".formatted(heap));
  }

  private static Check disk() {
    Path cache = CacheFolder.standard();
    try {
      Files.createDirectories(cache);
      long free = Files.getFileStore(cache).getUsableSpace();
      String found = "%s, %.1f GiB free".formatted(cache, free / (double) GIB);
      return free < GIB
          ? Check.missing("Token cache", found, "make room, or export FILIGREE_CACHE=DIR")
          : Check.good("Token cache", found);
    } catch (IOException e) {
      return Check.missing(
          "Token cache",
          cache + ": cannot be used: " + e.getMessage(),
          "export FILIGREE_CACHE=DIR");
    }
  }
}
