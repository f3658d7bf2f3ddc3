package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.config.ScaleCost;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code --dry-run --workers N} computes with. */
final class ScaleOptions {
  private static final Pattern RATE = Pattern.compile("(\\d+(?:\\.\\d+)?)(GB|MB|Gbit)/s");
  private static final Map<String, Double> BYTES = Map.of("GB", 1e9, "MB", 1e6, "Gbit", 1e9 / 8);

  @Option(
      names = "--bandwidth",
      paramLabel = "RATE",
      description =
          "With --dry-run --workers: of a worker's connection in each direction, such as 50GB/s or"
              + " 400Gbit/s. Shows what a step would send and take.")
  private @Nullable String bandwidth;

  @Option(
      names = "--teraflops",
      paramLabel = "N",
      description =
          "With --bandwidth: what a worker computes in a second, counted as for a dense model."
              + " Default: 470, which an H100 reached.")
  private double teraflops = ScaleCost.MEASURED_FLOPS / 1e12;

  boolean given() {
    return bandwidth != null;
  }

  /** What the workers would cost, in lines. */
  String text(RunPlan plan, RunConfig config, int workers) {
    if (bandwidth == null || workers < 2) {
      throw new UsageException("--bandwidth needs --workers, at least 2");
    }
    Matcher rate = RATE.matcher(bandwidth);
    if (!rate.matches()) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "--bandwidth %s: allowed is a number with GB/s, MB/s or Gbit/s, such as 50GB/s",
              bandwidth));
    }
    double bytes =
        Double.parseDouble(rate.group(1)) * BYTES.getOrDefault(rate.group(2), Double.NaN);
    try {
      return ScaleCost.of(plan, config.parallel(), workers, bytes, teraflops * 1e12).text();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }
}
