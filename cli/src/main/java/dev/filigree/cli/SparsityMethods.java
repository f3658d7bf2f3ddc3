package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sparsity blocks that {@code compare} runs, all with the same parameters, final sparsity and
 * number of steps. The recipes are those of the RigL paper (Evci 2020): the mask changes during the
 * first three quarters, the drop fraction falls from a half along a cosine.
 *
 * @param sparsity of every sparse parameter at the end, a fraction
 * @param parameters the names of the sparse parameters; empty for the default filter
 * @param steps of the run
 */
record SparsityMethods(double sparsity, List<String> parameters, long steps) {
  static final List<String> NAMES = List.of("dense", "static", "gmp", "set", "rigl", "granet");

  private static final double DEFAULT_SPARSITY = 0.8;
  private static final double DROP_FRACTION = 0.5;

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
    return switch (method) {
      case "dense" -> "sparsity=none";
      case "static" -> block(method, sparsity, false, null);
      case "gmp" -> block(method, rising(0), true, null);
      case "set", "rigl" -> block(method, sparsity, true, dropFraction());
      case "granet" -> block(method, rising(sparsity / 2), true, dropFraction());
      default ->
          throw new UsageException(
              "--methods: unknown '" + method + "'; allowed: " + String.join(", ", NAMES));
    };
  }

  private String block(
      String method, Object target, boolean updates, @Nullable Map<String, Object> dropFraction) {
    var block = new LinkedHashMap<String, Object>();
    block.put("algorithm", method);
    block.put("sparsity", target);
    if (updates) {
      block.put("update", Map.of("freq", frequency(), "stop", lastUpdate() + 1));
    }
    if (dropFraction != null) {
      block.put("drop_fraction", dropFraction);
    }
    if (!parameters.isEmpty()) {
      block.put("param_filter", parameters);
    }
    return "sparsity=" + JsonText.of(block);
  }

  private Map<String, Object> dropFraction() {
    return Map.of("type", "cosine", "init", DROP_FRACTION, "half_period", lastUpdate());
  }

  /** A cubic rise (Zhu & Gupta 2017) that arrives with the last update. */
  private Map<String, Object> rising(double from) {
    var schedule = new LinkedHashMap<String, Object>();
    schedule.put("type", "cubic");
    schedule.put("init_sparsity", from);
    schedule.put("end_sparsity", sparsity);
    schedule.put("sparsity_start_step", 0);
    schedule.put("sparsity_end_step", lastUpdate());
    schedule.put("prune_every_k_steps", frequency());
    return schedule;
  }

  private long frequency() {
    return Math.max(1, steps / 24);
  }

  /** The last multiple of the frequency within three quarters of the run. */
  private long lastUpdate() {
    return Math.max(1, steps * 3 / 4 / frequency()) * frequency();
  }
}
