package dev.filigree.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Locale;

/**
 * One product of one linear layer, measured.
 *
 * @param kernel which product
 * @param sparsity fraction of missing weights, uniform at random
 * @param milliseconds of the sparse product, with the packing and unpacking of what it alone needs
 * @param gflops useful work a second: two operations a kept weight and token, in 10^9
 * @param denseMilliseconds of the dense product, by the faster of OpenBLAS and oneDNN
 * @param denseEngine which of them that was
 * @param speedup dense over sparse time
 * @param peakFraction {@code gflops} over the machine's measured rate of multiply-adds
 */
@JsonNaming(SnakeCaseStrategy.class)
record KernelRow(
    Kernel kernel,
    int tokens,
    int in,
    int out,
    double sparsity,
    double milliseconds,
    double gflops,
    double denseMilliseconds,
    String denseEngine,
    double speedup,
    double peakFraction) {

  /** The products of a linear layer. */
  enum Kernel {
    /** Pack X, then Y = X·Wᵀ. */
    @JsonProperty("forward")
    FORWARD,
    /** Pack dY, then dX = dY·W. */
    @JsonProperty("input_gradient")
    INPUT_GRADIENT,
    /** dW = dYᵀ·X at the kept positions, from what the other two packed. */
    @JsonProperty("weight_gradient")
    WEIGHT_GRADIENT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static String header() {
    return String.format(
        Locale.ROOT,
        "%-16s %6s %5s %5s %8s %9s %8s %9s %-8s %8s %6s%n",
        "kernel",
        "tokens",
        "in",
        "out",
        "sparsity",
        "ms",
        "GFLOP/s",
        "dense ms",
        "by",
        "x dense",
        "peak");
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-16s %6d %5d %5d %8s %9.3f %8.1f %9.3f %-8s %8.2f %5.0f%%%n",
        kernel,
        tokens,
        in,
        out,
        sparsity,
        milliseconds,
        gflops,
        denseMilliseconds,
        denseEngine,
        speedup,
        100 * peakFraction);
  }
}
