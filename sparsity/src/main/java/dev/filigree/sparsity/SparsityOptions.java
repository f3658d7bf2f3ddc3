package dev.filigree.sparsity;

import dev.filigree.config.Records;
import dev.filigree.optim.GradientExchange;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * How a model is made sparse, beside the algorithm.
 *
 * @param seed of initial masks, random growth and random tie breaks
 * @param execution how sparse parameters are stored and computed with
 * @param microBatches backward passes that make one step, at least 1; compressed execution must
 *     know, see {@link SparseParameter#denseGradient}
 * @param otherNames further names of parameters that filters may match, by parameter name
 * @param skipNonFinite whether a step with an infinite or NaN gradient is left out, see {@link
 *     SparseOptimizer#skippedSteps}
 * @param existing masks of the weights that exist already, as of a checkpoint, by parameter name:
 *     the initial masks {@code random} and {@code topk} take them first, see {@link
 *     dev.filigree.mask.InitialMask.Request#existing}
 * @param savedState the {@link SparseOptimizer#state} that will be loaded, empty for a new run:
 *     with execution auto, each parameter is stored as it says from the beginning, and nothing is
 *     measured
 * @param exchange with the replicas of the model, for the gradients that mask updates need
 * @param values gives a parameter its initial values, by name, where the model has shapes only
 *     ({@link dev.filigree.nn.Allocation#unfilled}): called once for each sparse parameter, which
 *     gets its mask before the next one has values; empty where all have theirs
 * @param trained whether the weights come from a trained model: they stay as they are then, where
 *     initial ones would be scaled by the density, see {@link
 *     dev.filigree.sparsity.algorithm.Parametrization#initialWeightsByDensity}
 */
public record SparsityOptions(
    long seed,
    Execution execution,
    int microBatches,
    boolean skipNonFinite,
    Map<String, List<String>> otherNames,
    Map<String, Tensor> existing,
    Map<String, Object> savedState,
    GradientExchange exchange,
    Optional<Consumer<String>> values,
    boolean trained) {
  /**
   * @throws IllegalArgumentException for less than one micro-batch
   */
  public SparsityOptions {
    if (microBatches < 1) {
      throw new IllegalArgumentException("microBatches must be at least 1, found " + microBatches);
    }
    otherNames = Map.copyOf(otherNames);
    existing = Map.copyOf(existing);
  }

  /**
   * Seed 0, execution auto, one backward pass a step, every step taken, no further names, no masks
   * before.
   */
  public static SparsityOptions defaults() {
    return new SparsityOptions(
        0,
        Execution.AUTO,
        1,
        false,
        Map.of(),
        Map.of(),
        Map.of(),
        GradientExchange.none(),
        Optional.empty(),
        false);
  }

  /** The same options with another seed. */
  public SparsityOptions seed(long value) {
    return with("seed", value);
  }

  /** The same options with another execution. */
  public SparsityOptions execution(Execution value) {
    return with("execution", value);
  }

  /** The same options with another number of backward passes a step. */
  public SparsityOptions microBatches(int value) {
    return with("microBatches", value);
  }

  /** The same options, with steps that have an infinite or NaN gradient left out or not. */
  public SparsityOptions skipNonFinite(boolean value) {
    return with("skipNonFinite", value);
  }

  /** The same options with further names for filters. */
  public SparsityOptions otherNames(Map<String, List<String>> value) {
    return with("otherNames", value);
  }

  /** The same options with masks of weights that exist already. */
  public SparsityOptions existing(Map<String, Tensor> value) {
    return with("existing", value);
  }

  /** The same options with a state that will be loaded. */
  public SparsityOptions savedState(Map<String, Object> value) {
    return with("savedState", value);
  }

  /** The same options with an exchange with other replicas. */
  public SparsityOptions exchange(GradientExchange value) {
    return with("exchange", value);
  }

  /** The same options for a model whose parameters get their initial values one by one. */
  public SparsityOptions values(Consumer<String> value) {
    return with("values", Optional.of(value));
  }

  /** The same options for a model that was trained before, or not. */
  public SparsityOptions trained(boolean value) {
    return with("trained", value);
  }

  private SparsityOptions with(String component, Object value) {
    return Records.with(this, Map.of(component, value));
  }
}
