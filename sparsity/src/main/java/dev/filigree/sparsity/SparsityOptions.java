package dev.filigree.sparsity;

import java.util.List;
import java.util.Map;

/**
 * How a model is made sparse, beside the algorithm.
 *
 * @param seed of initial masks, random growth and random tie breaks
 * @param execution how sparse parameters are stored and computed with
 * @param otherNames further names of parameters that filters may match, by parameter name
 */
public record SparsityOptions(
    long seed, Execution execution, Map<String, List<String>> otherNames) {
  public SparsityOptions {
    otherNames = Map.copyOf(otherNames);
  }

  public static SparsityOptions defaults() {
    return new SparsityOptions(0, Execution.AUTO, Map.of());
  }

  public SparsityOptions seed(long value) {
    return new SparsityOptions(value, execution, otherNames);
  }

  public SparsityOptions execution(Execution value) {
    return new SparsityOptions(seed, value, otherNames);
  }

  public SparsityOptions otherNames(Map<String, List<String>> value) {
    return new SparsityOptions(seed, execution, value);
  }
}
