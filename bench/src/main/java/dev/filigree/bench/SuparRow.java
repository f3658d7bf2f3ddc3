package dev.filigree.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A training.
 *
 * @param parametrization {@code standard} or {@code supar}
 * @param density of the decoder layers' weights, a fraction
 * @param log2Rate the learning rate, as a power of 2
 * @param loss of training, nats a byte, the mean over the last tenth of the steps; null where it
 *     diverged
 * @param change what the first steps changed in the residual stream after the last block, on tokens
 *     that stay the same: root mean square; null where it diverged
 */
@JsonNaming(SnakeCaseStrategy.class)
record SuparRow(
    String parametrization,
    long width,
    double density,
    int log2Rate,
    @Nullable Double loss,
    @Nullable Double change) {
  static final List<String> COLUMNS =
      List.of("parametrization", "width", "density", "log2_rate", "loss", "change");

  List<@Nullable Object> cells() {
    return java.util.Arrays.asList(parametrization, width, density, log2Rate, loss, change);
  }

  /** Whether both are of the same network, trained at other rates. */
  boolean isBeside(SuparRow other) {
    return parametrization.equals(other.parametrization)
        && width == other.width
        && density == other.density;
  }

  static String header() {
    return "parametrization  width  density  log2 rate     loss   change%n".formatted();
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-15s  %5d  %7s  %9d  %7s  %7s%n",
        parametrization,
        width,
        density,
        log2Rate,
        number(loss),
        number(change));
  }

  private static String number(@Nullable Double value) {
    return value == null ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }

  /**
   * The power of 2 at which the loss of one network is least: the lowest point of the parabola
   * through the best rate and its neighbours, or a rate at the end of those that were tried.
   *
   * @param rows of one network, by ascending rates
   */
  static double best(List<SuparRow> rows) {
    int best = 0;
    for (int i = 1; i < rows.size(); i++) {
      if (loss(rows.get(i)) < loss(rows.get(best))) {
        best = i;
      }
    }
    double middle = rows.get(best).log2Rate;
    if (best == 0 || best == rows.size() - 1) {
      return middle;
    }
    double left = loss(rows.get(best - 1)) - loss(rows.get(best));
    double right = loss(rows.get(best + 1)) - loss(rows.get(best));
    if (Double.isInfinite(left) || Double.isInfinite(right) || left + right == 0) {
      return middle;
    }
    return middle + (left - right) / (2 * (left + right));
  }

  private static double loss(SuparRow row) {
    return row.loss == null ? Double.POSITIVE_INFINITY : row.loss;
  }
}
