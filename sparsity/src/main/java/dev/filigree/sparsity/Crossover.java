package dev.filigree.sparsity;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.filigree.config.CacheFolder;
import dev.filigree.io.Durable;
import dev.filigree.io.Json;
import dev.filigree.sparsity.storage.SparseProducts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.pytorch.Device;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From which sparsity on a linear layer trains faster compressed than dense. Measured on square
 * layers of a few sizes, each when the first layer of about that size needs it, and kept in the
 * cache folder; what was measured while other programs were busy counts for this program only. The
 * scalar kernels are never faster: they are not measured.
 */
public final class Crossover {
  /** The crossover of a size at which dense was always faster. */
  static final double NEVER = 2;

  private static final Logger LOG = LoggerFactory.getLogger(Crossover.class);

  /** The share of the processors in other programs' hands above which a measurement is not kept. */
  private static final double BUSY = 0.15;

  private static final Map<String, Crossover> BY_DEVICE = new HashMap<>();

  private final Path file;
  private final String machineName;
  private final boolean scalar;
  private final Measurement measurement;
  private final TreeMap<Integer, Double> bySize = new TreeMap<>();
  private boolean saidThatItIsNotKept;

  /** A way to measure. */
  @FunctionalInterface
  interface Measurement {
    Measured of(int size);
  }

  /**
   * What was measured.
   *
   * @param sparsity the crossover, a fraction, or {@link #NEVER}
   * @param others the share of the processors that other programs took meanwhile, a fraction
   */
  record Measured(double sparsity, double others) {}

  Crossover(Path file, String machineName, boolean scalar, Measurement measurement) {
    this.file = file;
    this.machineName = machineName;
    this.scalar = scalar;
    this.measurement = measurement;
    bySize.putAll(read());
  }

  /**
   * The crossover of a device of this machine, whose sizes are measured as layers need them.
   *
   * @throws java.util.NoSuchElementException for a device without sparse products
   */
  public static synchronized Crossover of(Device device) {
    return BY_DEVICE.computeIfAbsent(
        device.str().getString(),
        _ -> {
          try (var products = SparseProducts.of(device).orElseThrow()) {
            return new Crossover(
                CacheFolder.standard().resolve("crossover.json"),
                CrossoverMeasurement.key(device, products.provider()),
                !products.isVectorized(),
                new CrossoverMeasurement(device)::of);
          }
        });
  }

  /**
   * Why a layer trains no faster compressed, in half a sentence; empty where it does.
   *
   * @param sparsity at the beginning, a fraction
   */
  Optional<String> slowness(long rows, long columns, double sparsity) {
    if (scalar) {
      // The kernels have logged why they run, and how to fix it.
      return Optional.of("only the scalar kernels run here, which are slower than masks");
    }
    double from = sparsity(rows, columns);
    return sparsity >= from ? Optional.empty() : Optional.of(tooDense(sparsity, from));
  }

  static String tooDense(double sparsity, double from) {
    return from > 1
        ? "a layer of its size is never faster compressed here"
        : String.format(
            Locale.ROOT,
            "its sparsity is %.3g, and here a layer of its size is faster compressed from %.3g",
            sparsity,
            from);
  }

  private static String describe(double from) {
    return from > 1
        ? "at no sparsity"
        : String.format(Locale.ROOT, "from a sparsity of %.2f on", from);
  }

  /** The sparsity from which a layer of this shape is faster compressed; above 1 for never. */
  public synchronized double sparsity(long rows, long columns) {
    var sizes = new TreeSet<>(CrossoverMeasurement.SIZES);
    Integer size =
        sizes.floor((int) Math.min(Integer.MAX_VALUE, Math.sqrt((double) rows * columns)));
    return ofSize(size == null ? sizes.first() : size);
  }

  /**
   * The sparsity by the side of the layer; above 1 where dense is always faster, or the kernels are
   * scalar. Measures the sizes that have not been measured yet.
   */
  public synchronized Map<Integer, Double> bySize() {
    CrossoverMeasurement.SIZES.forEach(this::ofSize);
    return new TreeMap<>(bySize);
  }

  private double ofSize(int size) {
    if (scalar) {
      bySize.put(size, NEVER);
    } else if (!bySize.containsKey(size)) {
      measure(size);
    }
    return Objects.requireNonNull(bySize.get(size));
  }

  private void measure(int size) {
    LOG.info(
        "measuring once from which sparsity layers of about {} x {} train faster compressed,"
            + " which takes some seconds",
        size,
        size);
    long start = System.nanoTime();
    Measured measured = measurement.of(size);
    bySize.put(size, measured.sparsity());
    LOG.info(
        "compressed is faster {}, measured in {} s",
        describe(measured.sparsity()),
        String.format(Locale.ROOT, "%.1f", (System.nanoTime() - start) / 1e9));
    if (measured.others() > BUSY) {
      LOG.info(
          "not kept for later: other programs took {} % of the processors meanwhile",
          Math.round(100 * measured.others()));
    } else {
      write(size, measured.sparsity());
    }
  }

  /** What was kept for this machine; nothing where the file is missing or damaged. */
  private Map<Integer, Double> read() {
    var kept = new LinkedHashMap<Integer, Double>();
    try {
      JsonNode sizes = all().getOrDefault(machineName, JsonNodeFactory.instance.objectNode());
      sizes
          .properties()
          .forEach(e -> kept.put(Integer.valueOf(e.getKey()), e.getValue().asDouble(NEVER)));
      return kept;
    } catch (IOException | NumberFormatException e) {
      LOG.warn("{} is damaged and is written again: {}", file, firstLine(e));
      return Map.of();
    }
  }

  private Map<String, JsonNode> all() throws IOException {
    var all = new LinkedHashMap<String, JsonNode>();
    if (Files.exists(file)) {
      Json.read(Files.readString(file))
          .properties()
          .forEach(e -> all.put(e.getKey(), e.getValue()));
    }
    return all;
  }

  private void write(int size, double sparsity) {
    try {
      Map<String, JsonNode> all;
      try {
        all = all();
      } catch (JacksonException e) {
        all = new LinkedHashMap<>(); // damaged: what other machines kept in it is lost
      }
      var sizes = JsonNodeFactory.instance.objectNode();
      JsonNode known = all.get(machineName);
      if (known != null) {
        known.properties().forEach(e -> sizes.set(e.getKey(), e.getValue()));
      }
      sizes.put(String.valueOf(size), sparsity);
      all.put(machineName, sizes);
      Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
      Files.createDirectories(folder);
      Path aside = Files.createTempFile(folder, "crossover", ".json");
      try {
        Files.writeString(aside, Json.indented(all));
        Durable.rename(aside, file);
      } finally {
        Files.deleteIfExists(aside);
      }
    } catch (IOException e) {
      if (!saidThatItIsNotKept) {
        LOG.warn(
            "what was measured cannot be kept in {} ({}): every program measures again;"
                + " FILIGREE_CACHE names another folder",
            file,
            firstLine(e));
      }
      saidThatItIsNotKept = true;
    }
  }

  private static String firstLine(Exception e) {
    return e.getClass().getSimpleName()
        + Optional.ofNullable(e.getMessage())
            .map(m -> ": " + m.lines().findFirst().orElse(""))
            .orElse("");
  }

  @Override
  public synchronized String toString() {
    var text = new StringBuilder();
    bySize.forEach(
        (size, sparsity) ->
            text.append(text.isEmpty() ? "" : ", ")
                .append(size)
                .append(": ")
                .append(describe(sparsity)));
    return text.toString();
  }
}
