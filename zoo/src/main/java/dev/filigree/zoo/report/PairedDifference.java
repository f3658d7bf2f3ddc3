package dev.filigree.zoo.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far the losses of a method are from those of another one, seed by seed: negative where they
 * are smaller.
 *
 * @param reference the other method
 * @param difference of the seeds that both have
 */
public record PairedDifference(String reference, Estimate difference) {
  /**
   * The differences of two methods. A seed that only one of them has is left out; one that diverged
   * makes the difference unknown.
   *
   * @param losses by seed; infinite where the run diverged
   * @param others those of the reference
   */
  public static PairedDifference of(
      String reference, Map<Long, Double> losses, Map<Long, Double> others) {
    var differences = new ArrayList<Double>();
    boolean unknown = false;
    for (var entry : losses.entrySet()) {
      Double other = others.get(entry.getKey());
      if (other != null) {
        unknown |= !Double.isFinite(entry.getValue()) || !Double.isFinite(other);
        differences.add(entry.getValue() - other);
      }
    }
    if (unknown) {
      differences.clear();
    }
    return new PairedDifference(reference, Estimate.of(differences));
  }

  /** The lower end of the 95 % interval by Student's t with n − 1 degrees of freedom, or NaN. */
  public double low() {
    return difference.mean() - difference.halfWidth();
  }

  /** The upper end. */
  public double high() {
    return difference.mean() + difference.halfWidth();
  }

  /** What a reader must know of the interval; empty where it is there. */
  public String remark() {
    return switch (difference.count()) {
      case 0 -> "no pair of seeds without divergence";
      case 1 -> "one seed: no interval";
      default -> "";
    };
  }

  /** For JSON, where null stands for what is not known. */
  public Map<String, @Nullable Object> toMap() {
    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("reference", reference);
    map.put("pairs", difference.count());
    map.put("mean", finite(difference.mean()));
    map.put("standard_error", finite(difference.standardError()));
    map.put("low_95", finite(low()));
    map.put("high_95", finite(high()));
    map.put("remark", remark());
    return map;
  }

  static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
