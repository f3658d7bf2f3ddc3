package dev.filigree.zoo.advise;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Networks that one budget trains, dense and sparse, by the {@link SparseScalingLaw}. Training
 * costs six operations for each token and each weight that exists (Kaplan et al. 2020,
 * arXiv:2001.08361), over the efficiency that a machine reaches at the density.
 */
public final class Advisor {
  /** The densities that are compared. */
  public static final List<Double> DENSITIES = List.of(1.0, 0.5, 0.25, 0.2, 0.125, 0.1, 0.0625);

  private static final double OPERATIONS = 6;

  private Advisor() {}

  /**
   * A network that the budget pays for.
   *
   * @param density the fraction of its weights that exists
   * @param kept weights that exist
   * @param tokens to train on
   * @param loss that is expected, nats a token
   */
  public record Candidate(double density, double kept, double tokens, double loss) {
    /** All weights, those that do not exist included. */
    public double weights() {
      return kept / density;
    }

    /** Whether the law was fitted on networks such as this. */
    public boolean isKnown() {
      return SparseScalingLaw.outside(kept, density).isEmpty();
    }

    /** The figures for JSON. */
    public Map<String, Object> toMap() {
      var map = new LinkedHashMap<String, Object>();
      map.put("sparsity", 1 - density);
      map.put("weights", weights());
      map.put("kept", kept);
      map.put("tokens", tokens);
      map.put("loss", loss);
      map.put("worth", SparseScalingLaw.worth(density));
      map.put("outside_of_the_law", SparseScalingLaw.outside(kept, density));
      return map;
    }
  }

  /**
   * A network for each density.
   *
   * @param flops operations that a dense network would be given
   * @param tokens to train on; empty for as many as are best
   * @param efficiencies speed against dense, times density, by density; a density that is not there
   *     has 1
   */
  public static List<Candidate> candidates(
      double flops, OptionalDouble tokens, Map<Double, Double> efficiencies) {
    requirePositive("FLOPs", flops);
    tokens.ifPresent(number -> requirePositive("tokens", number));
    return DENSITIES.stream()
        .map(
            density -> {
              double product = flops * efficiencies.getOrDefault(density, 1.0) / OPERATIONS;
              double kept =
                  tokens.isPresent()
                      ? product / tokens.getAsDouble()
                      : SparseScalingLaw.bestKept(product, density);
              double seen = product / kept;
              return new Candidate(density, kept, seen, SparseScalingLaw.loss(kept, seen, density));
            })
        .toList();
  }

  /** The one with the least loss, of those that the law knows where it knows some. */
  public static Candidate best(List<Candidate> candidates) {
    boolean known = candidates.stream().anyMatch(Candidate::isKnown);
    return candidates.stream()
        .filter(candidate -> !known || candidate.isKnown())
        .min(Comparator.comparingDouble(Candidate::loss))
        .orElseThrow();
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
  }
}
