package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.sparsity.algorithm.Recipe;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code sparsity} blocks of methods: the recipe of the algorithm's paper ({@link Recipe}), for
 * an algorithm without one an update as often as there, with the sparse layers of the base.
 *
 * @param sparsity of the base at its end, a fraction; 80 % where it is dense
 * @param parameters the names of its sparse parameters; empty for the default filter
 */
record SparsityBlocks(double sparsity, List<String> parameters) {
  private static final double DEFAULT_SPARSITY = 0.8;

  /** Learns its thresholds, and with them how sparse it is. */
  private static final String FINDS_SPARSITY = "str";

  private static final long UPDATES = 24;
  private static final long MOST_STEPS_BETWEEN = 100;

  static SparsityBlocks of(RunConfig base) {
    List<RunPlan.Layer> sparse =
        RunPlan.of(base).layers().stream().filter(RunPlan.Layer::isSparse).toList();
    double sparsity =
        sparse.stream().mapToDouble(RunPlan.Layer::finalSparsity).max().orElse(DEFAULT_SPARSITY);
    return new SparsityBlocks(sparsity, sparse.stream().map(RunPlan.Layer::name).toList());
  }

  /**
   * The block of a method for a run.
   *
   * @throws ConfigException for a method without one
   */
  Map<String, @Nullable Object> block(Method method, double target, long steps) {
    Map<String, @Nullable Object> block = new LinkedHashMap<>();
    if (Recipe.NAMES.contains(method.kind())) {
      block.putAll(Recipe.of(method.kind(), steps, target).toConfig());
    } else {
      block.put("algorithm", method.kind());
      if (!method.kind().equals(FINDS_SPARSITY)) {
        block.put("sparsity", target);
      }
      block.putAll(usual(method.kind(), target, steps));
    }
    if (!parameters.isEmpty()) {
      block.put("param_filter", parameters);
    }
    method.sparsity().forEach((key, value) -> ConfigBlocks.put(block, key, value));
    return block;
  }

  /** What an algorithm without a recipe needs to be told. */
  private static Map<String, Object> usual(String algorithm, double target, long steps) {
    long every = Math.clamp(steps / UPDATES, 1, MOST_STEPS_BETWEEN);
    var update = Map.of("freq", every, "stop", Math.max(2, steps * 3 / 4));
    return switch (algorithm) {
      // Phases of a twelfth of the run, dense and sparse in turn, and the last third sparse.
      case "ac_dc" ->
          Map.of("phase", Math.max(1, steps / 12), "finetune", Math.max(1, steps * 2 / 3));
      // The weights that get gradients are twice as many.
      case "top_kast" -> Map.of("backward_sparsity", Math.max(0, 2 * target - 1), "update", update);
      case FINDS_SPARSITY -> Map.of("init", -8.0);
      default -> Map.of("update", update);
    };
  }
}
