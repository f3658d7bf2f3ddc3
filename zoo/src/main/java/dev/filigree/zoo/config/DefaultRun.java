package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a configuration leaves out: the recipe of RigL pre-training at 80 % sparsity, scaled down to
 * minutes on two cores. The lengths of its schedules follow the length of the run. An optimizer
 * that is given its learning rate keeps it.
 */
final class DefaultRun {
  private static final double PEAK_LEARNING_RATE = 3e-3;
  private static final double FINAL_LEARNING_RATE = 3e-4;

  private DefaultRun() {}

  /**
   * Fills in the blocks of {@code trainer.init} that must be there. A configuration that names a
   * model says itself whether it is sparse.
   */
  static ConfigMap fillIn(ConfigMap root, List<String> overrides) {
    // The overrides may set the length of the run, which the defaults depend on.
    ConfigMap changed = Overrides.apply(root, overrides);
    ConfigMap init = changed.map("trainer").map("init");
    long maxSteps = LoopConfig.maxSteps(init.map("loop"));
    ConfigMap given = root.map("trainer").map("init");

    var blocks = new LinkedHashMap<String, Object>();
    if (!given.has("model")) {
      blocks.put("model", model());
      if (!given.has("sparsity")) {
        blocks.put("sparsity", sparsity(maxSteps));
      }
    }
    blocks.put("optimizer", optimizer());
    blocks.put("precision", Map.of("enabled", false, "max_gradient_norm", 1.0));
    blocks.put("schedulers", setsItsRate(init) ? List.of() : schedulers(maxSteps));

    var filled = new LinkedHashMap<String, ConfigNode>(given.entries());
    ConfigReader.of(Map.of("trainer", Map.of("init", blocks)), "default")
        .asMap()
        .map("trainer")
        .map("init")
        .entries()
        .forEach(filled::putIfAbsent);
    return withInit(root, new ConfigMap(given.location(), filled));
  }

  /** A learning rate that is given stands: the default schedule would take its place. */
  private static boolean setsItsRate(ConfigMap init) {
    return init.get("optimizer").map(ConfigNode::asMap).stream()
        .flatMap(optimizer -> optimizer.entries().entrySet().stream())
        .anyMatch(
            entry ->
                OptimizerConfig.takesFirstRateOnly(entry.getKey())
                    || (entry.getValue() instanceof ConfigMap options
                        && options.get("learning_rate", "lr").isPresent()));
  }

  private static ConfigMap withInit(ConfigMap root, ConfigMap init) {
    var trainer = new LinkedHashMap<>(root.map("trainer").entries());
    trainer.put("init", init);
    var top = new LinkedHashMap<>(root.entries());
    top.put("trainer", new ConfigMap(root.map("trainer").location(), trainer));
    return new ConfigMap(root.location(), top);
  }

  private static Map<String, Object> model() {
    var model = new LinkedHashMap<String, Object>();
    model.put("name", "llama");
    model.put("vocab_size", 256);
    model.put("hidden_size", 256);
    model.put("num_hidden_layers", 4);
    model.put("num_heads", 4);
    model.put("filter_size", 688);
    model.put("max_position_embeddings", 128);
    model.put("position_embedding_type", "rotary");
    model.put("norm_type", "rmsnorm");
    model.put("nonlinearity", "swiglu");
    model.put("use_projection_bias_in_attention", false);
    model.put("use_ffn_bias_in_attention", false);
    model.put("use_ffn_bias", false);
    model.put("share_embedding_weights", false);
    model.put("dropout_rate", 0.0);
    return model;
  }

  private static Map<String, Object> optimizer() {
    return Map.of("AdamW", Map.of("betas", List.of(0.9, 0.95), "eps", 1e-8, "weight_decay", 0.1));
  }

  /** Linear warm-up over a twentieth of the run, then a cosine to a tenth of the peak. */
  private static List<Object> schedulers(long maxSteps) {
    long warmUp = Math.max(1, maxSteps / 20);
    var rise = new LinkedHashMap<String, Object>();
    rise.put("initial_learning_rate", 0.0);
    rise.put("end_learning_rate", PEAK_LEARNING_RATE);
    rise.put("total_iters", warmUp);
    var decay = new LinkedHashMap<String, Object>();
    decay.put("initial_learning_rate", PEAK_LEARNING_RATE);
    decay.put("end_learning_rate", FINAL_LEARNING_RATE);
    decay.put("total_iters", Math.max(1, maxSteps - warmUp));
    return List.of(
        Map.of(
            "SequentialLR",
            Map.of(
                "schedulers", List.of(Map.of("LinearLR", rise), Map.of("CosineDecayLR", decay)))));
  }

  /** RigL (Evci 2020): the drop fraction falls from a half to nothing at three quarters. */
  private static Map<String, Object> sparsity(long maxSteps) {
    long stop = Math.max(1, maxSteps * 3 / 4);
    var block = new LinkedHashMap<String, Object>();
    block.put("algorithm", "rigl");
    block.put("sparsity", 0.8);
    block.put("init_method", "random");
    block.put("drop_fraction", Map.of("type", "cosine", "init", 0.5, "half_period", stop));
    block.put("update", Map.of("freq", Math.max(1, maxSteps / 20), "stop", stop));
    return block;
  }
}
