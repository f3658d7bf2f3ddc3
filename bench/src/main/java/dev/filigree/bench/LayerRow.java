package dev.filigree.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing about a linear layer on a GPU, measured.
 *
 * @param what a product, {@code layer} (forward and backward pass through autograd), {@code
 *     mask_update} (by RigL, beyond the time of an ordinary step) or {@code bytes_a_weight}
 * @param sparsity fraction of missing weights
 * @param compressed milliseconds, or bytes of weight, gradient, AdamW's state and positions for
 *     each element of the dense weight
 * @param dense the same of the dense layer; null where there is no such thing
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(Include.NON_NULL)
record LayerRow(
    String what,
    int tokens,
    int in,
    int out,
    double sparsity,
    double compressed,
    @Nullable Double dense) {
  static String header() {
    return String.format(
        Locale.ROOT,
        "%-16s %6s %5s %5s %8s %10s %10s %8s%n",
        "what",
        "tokens",
        "in",
        "out",
        "sparsity",
        "compressed",
        "dense",
        "x dense");
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-16s %6d %5d %5d %8s %10.4f %10s %8s%n",
        what,
        tokens,
        in,
        out,
        sparsity,
        compressed,
        dense == null ? "" : String.format(Locale.ROOT, "%.4f", dense),
        dense == null ? "" : String.format(Locale.ROOT, "%.2f", dense / compressed));
  }
}
