package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.sparsity.algorithm.Recipe;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The sparsity blocks that {@code compare} runs, all with the same parameters, final sparsity and
 * number of steps, by the recipes of their papers ({@link Recipe}).
 *
 * @param sparsity of every sparse parameter at the end, a fraction
 * @param parameters the names of the sparse parameters; empty for the default filter
 * @param steps of the run
 */
record SparsityMethods(double sparsity, List<String> parameters, long steps) {
  static final List<String> NAMES =
      Stream.concat(Stream.of("dense"), Recipe.NAMES.stream()).toList();

  private static final double DEFAULT_SPARSITY = 0.8;

  SparsityMethods {
    parameters = List.copyOf(parameters);
  }

  /** Takes sparsity and parameters from a configuration; a dense one gets 80 % everywhere. */
  static SparsityMethods of(RunConfig config) {
    RunPlan plan = RunPlan.of(config);
    List<RunPlan.Layer> sparse = plan.layers().stream().filter(RunPlan.Layer::isSparse).toList();
    double sparsity =
        sparse.isEmpty()
            ? DEFAULT_SPARSITY
            : sparse.stream().mapToDouble(RunPlan.Layer::finalSparsity).max().orElseThrow();
    return new SparsityMethods(
        sparsity, sparse.stream().map(RunPlan.Layer::name).toList(), plan.steps());
  }

  /**
   * The change to the configuration that makes it a run of a method.
   *
   * @throws UsageException for an unknown method
   */
  String override(String method) {
    if (method.equals("dense")) {
      return "sparsity=none";
    }
    if (!NAMES.contains(method)) {
      throw new UsageException(
          "--methods: unknown '" + method + "'; allowed: " + String.join(", ", NAMES));
    }
    Map<String, Object> block = Recipe.of(method, steps, sparsity).toConfig();
    if (!parameters.isEmpty()) {
      block.put("param_filter", parameters);
    }
    return "sparsity=" + Json.indented(block);
  }
}
