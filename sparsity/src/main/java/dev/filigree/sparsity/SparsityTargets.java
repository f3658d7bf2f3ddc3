package dev.filigree.sparsity;

import dev.filigree.mask.Counting;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.Redistribution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How sparse each parameter of a group shall be at a step: by the distribution, or at an update by
 * what moves weights between them.
 */
final class SparsityTargets {
  private final SparsityAlgorithm algorithm;
  private final List<SparseParameter> parameters;
  private final @Nullable Redistribution redistribution;

  /**
   * @throws IllegalArgumentException for groups or blocks where weights move between parameters
   */
  SparsityTargets(SparsityAlgorithm algorithm, List<SparseParameter> parameters) {
    this.algorithm = algorithm;
    this.parameters = parameters;
    redistribution = algorithm.redistribution().orElse(null);
    if (redistribution != null) {
      parameters.forEach(this::requireOneGroup);
    }
  }

  private void requireOneGroup(SparseParameter parameter) {
    SelectionGroups grouping = grouping(parameter);
    if (grouping.groups() != 1 || grouping.pooled()) {
      throw new IllegalArgumentException(
          "'%s': %s moves single weights between layers, so none can be in groups or blocks"
              .formatted(parameter.name(), algorithm.getClass().getSimpleName()));
    }
  }

  /** Whether they depend on more than shapes and the step. */
  boolean dependOnValues() {
    return redistribution != null || algorithm.settings().distribution().needsScores();
  }

  SelectionGroups grouping(SparseParameter parameter) {
    return algorithm.settings().shaper().group(parameter.name(), parameter.shape());
  }

  /** What an update at a step does to each parameter, in their order. */
  List<UpdateRule> rules(long step, long seed, Optimizer optimizer) {
    double[] targets = at(step, seed, optimizer);
    var dropFractions = new double[targets.length];
    Arrays.fill(dropFractions, algorithm.dropFraction(step));
    if (redistribution != null) {
      redistribute(redistribution, step, seed, optimizer, targets, dropFractions);
    }
    return IntStream.range(0, targets.length)
        .mapToObj(
            i ->
                new UpdateRule(
                    step,
                    dropFractions[i],
                    targets[i],
                    grouping(parameters.get(i)),
                    algorithm.settings().ties().at(seed, parameters.get(i).name(), step)))
        .toList();
  }

  /** Puts in the place of the distribution's targets what the algorithm makes of their sum. */
  private void redistribute(
      Redistribution how,
      long step,
      long seed,
      Optimizer optimizer,
      double[] targets,
      double[] dropFractions) {
    long total =
        IntStream.range(0, targets.length)
            .mapToLong(i -> UpdateRule.kept(grouping(parameters.get(i)), targets[i]))
            .sum();
    List<ParameterView> views =
        parameters.stream()
            .map(parameter -> new ParameterView(parameter, optimizer, step, seed))
            .toList();
    List<Redistribution.Counts> counts = how.spread(step, total, views);
    if (counts.size() != targets.length
        || counts.stream().mapToLong(Redistribution.Counts::kept).sum() != total) {
      throw new IllegalStateException(
          "%s must spread %d weights over %d parameters, found %s"
              .formatted(algorithm.getClass().getSimpleName(), total, targets.length, counts));
    }
    for (int i = 0; i < targets.length; i++) {
      SparseParameter parameter = parameters.get(i);
      targets[i] = Counting.sparsity(parameter.size(), counts.get(i).kept());
      dropFractions[i] = Counting.sparsity(parameter.kept(), counts.get(i).left());
    }
  }

  /** The sparsity of every parameter at a step, by the distribution. */
  double[] at(long step, long seed, Optimizer optimizer) {
    List<Distribution.Parameter> spreadable =
        parameters.stream()
            .map(
                parameter -> {
                  var view = new ParameterView(parameter, optimizer, step, seed);
                  return Distribution.Parameter.of(
                      parameter.name(), parameter.shape(), () -> algorithm.allocationScore(view));
                })
            .toList();
    return algorithm.settings().distribution().spread(algorithm.sparsity(step), spreadable);
  }

  /** What is remembered from update to update. */
  Map<String, Object> state() {
    return redistribution == null ? Map.of() : redistribution.state();
  }

  void load(Map<String, Object> state) {
    if (redistribution != null) {
      redistribution.load(state);
    }
  }
}
