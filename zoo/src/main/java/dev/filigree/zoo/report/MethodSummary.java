package dev.filigree.zoo.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of a method at a sparsity, over its seeds.
 *
 * @param seeds runs that are over
 * @param diverged how many of them diverged or failed; then there is no mean loss, since that of
 *     the others would be too good
 * @param measured estimates by the names that the result files have, such as {@code perplexity}
 * @param differences of the validation loss, by the names that the result files have
 */
public record MethodSummary(
    int seeds,
    int diverged,
    Map<String, Estimate> measured,
    Map<String, Optional<PairedDifference>> differences) {
  /** The quantity that differences are of. */
  public static final String LOSS = "validation_loss";

  /** The difference to the network whose first masks stay. */
  public static final String TO_STATIC = "difference_to_static";

  /** The difference to the best dense network with as many weights as the sparse one keeps. */
  public static final String TO_SMALL_DENSE = "difference_to_small_dense";

  public MethodSummary {
    measured = new LinkedHashMap<>(measured);
    differences = new LinkedHashMap<>(differences);
  }

  /** An estimate; without values where nothing was measured. */
  public Estimate of(String quantity) {
    return measured.getOrDefault(quantity, Estimate.of(List.of()));
  }

  /** A difference; empty where the comparison has no such method. */
  public Optional<PairedDifference> difference(String name) {
    return differences.getOrDefault(name, Optional.empty());
  }

  /** For JSON, where null stands for what is not known. */
  public Map<String, @Nullable Object> toMap() {
    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("seeds", seeds);
    map.put("diverged", diverged);
    measured.forEach((name, estimate) -> map.put(name, of(estimate)));
    differences.forEach(
        (name, difference) -> map.put(name, difference.map(PairedDifference::toMap).orElse(null)));
    return map;
  }

  private static @Nullable Object of(Estimate estimate) {
    if (estimate.count() == 0) {
      return null;
    }
    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("count", estimate.count());
    map.put("mean", PairedDifference.finite(estimate.mean()));
    map.put("standard_error", PairedDifference.finite(estimate.standardError()));
    return map;
  }
}
