package dev.filigree.kernels;

import dev.filigree.kernels.loops.BlockKernels;
import dev.filigree.kernels.loops.ScalarKernels;
import dev.filigree.kernels.panama.PanamaKernels;
import dev.filigree.kernels.panama.Species;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Selects the implementation of the kernels: the Vector API's where it can run well, otherwise the
 * scalar one. A provider forced by {@link #PROVIDER_PROPERTY} fails where it cannot run instead of
 * falling back.
 */
final class KernelProvider {
  /** The system property that forces a provider: {@code panama} or {@code scalar}. */
  static final String PROVIDER_PROPERTY = "filigree.kernels.provider";

  private static final System.Logger LOG = System.getLogger(KernelProvider.class.getName());

  /** The kernels of this JVM, selected when first needed. */
  private static final class Holder {
    static final BlockKernels CHOSEN = choose(System.getProperty(PROVIDER_PROPERTY, ""));
  }

  private KernelProvider() {}

  static BlockKernels kernels() {
    return Holder.CHOSEN;
  }

  /**
   * Selects the forced provider, or the fastest one that can run.
   *
   * @param forced a provider's name, or the empty string
   * @throws IllegalStateException if the provider is unknown or cannot run here
   */
  static BlockKernels choose(String forced) {
    List<String> obstacles = forced.equals("scalar") ? List.of() : obstacles();
    return switch (forced) {
      case "scalar" -> new ScalarKernels();
      case "panama" -> {
        if (!obstacles.isEmpty()) {
          throw new IllegalStateException(
              "-D%s=panama: %s".formatted(PROVIDER_PROPERTY, String.join(" ", obstacles)));
        }
        yield new PanamaKernels();
      }
      case "" -> {
        if (obstacles.isEmpty()) {
          yield new PanamaKernels();
        }
        LOG.log(
            System.Logger.Level.WARNING,
            "Using the slow scalar kernels: {0}",
            String.join(" ", obstacles));
        yield new ScalarKernels();
      }
      default ->
          throw new IllegalStateException(
              "-D%s=%s: the providers are panama and scalar".formatted(PROVIDER_PROPERTY, forced));
    };
  }

  /**
   * The reasons why the Vector API cannot be used here, each one a sentence with its remedy; empty
   * if it can be used.
   */
  static List<String> obstacles() {
    var obstacles = new ArrayList<String>();
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      obstacles.add("This CPU is big-endian; the vector kernels need a little-endian one.");
    }
    String mode = System.getProperty("java.vm.info", "");
    if (mode.contains("interpreted") || mode.contains("emulated-client")) {
      obstacles.add(
          "The JVM runs without its optimizing compiler ("
              + mode
              + "); start java without -Xint and -XX:TieredStopAtLevel.");
    }
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      obstacles.add(
          "The Vector API is not loaded; start java with --add-modules jdk.incubator.vector.");
    } else {
      obstacles.addAll(Species.obstacles());
    }
    return obstacles;
  }
}
