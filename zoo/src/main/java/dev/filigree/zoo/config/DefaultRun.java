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

    var filled = new LinkedHashMap<String, ConfigNode>(given.entries());
    blocks(maxSteps).forEach(filled::putIfAbsent);
    if (given.has("model") && !given.has("sparsity")) {
      filled.remove("sparsity");
    }
    if (setsItsRate(init) && !given.has("schedulers")) {
      filled.remove("schedulers");
    }
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

  /**
   * The blocks of {@code trainer.init}: linear warm-up over a twentieth of the run, then a cosine
   * to a tenth of the peak; RigL (Evci 2020), whose drop fraction falls from a half to nothing at
   * three quarters.
   */
  private static Map<String, ConfigNode> blocks(long maxSteps) {
    long twentieth = Math.max(1, maxSteps / 20);
    long stop = Math.max(1, maxSteps * 3 / 4);
    String yaml =
        """
        model: {name: llama, vocab_size: 256, hidden_size: 256, num_hidden_layers: 4, num_heads: 4,
          filter_size: 688, max_position_embeddings: 128, position_embedding_type: rotary,
          norm_type: rmsnorm, nonlinearity: swiglu, use_projection_bias_in_attention: false,
          use_ffn_bias_in_attention: false, use_ffn_bias: false, share_embedding_weights: false,
          dropout_rate: 0.0}
        sparsity: {algorithm: rigl, sparsity: 0.8, init_method: random,
          drop_fraction: {type: cosine, init: 0.5, half_period: %d}, update: {freq: %d, stop: %d}}
        optimizer: {AdamW: {betas: [0.9, 0.95], eps: 1.0e-8, weight_decay: 0.1}}
        precision: {enabled: false, max_gradient_norm: 1.0}
        schedulers:
        - SequentialLR:
            schedulers:
            - LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 3.0e-3, total_iters: %d}
            - CosineDecayLR: {initial_learning_rate: 3.0e-3, end_learning_rate: 3.0e-4,
                total_iters: %d}
        """
            .formatted(stop, twentieth, stop, twentieth, Math.max(1, maxSteps - twentieth));
    Object init = ConfigReader.parse(yaml, "default").toJava();
    return ConfigReader.of(Map.of("trainer", Map.of("init", init)), "default")
        .asMap()
        .map("trainer")
        .map("init")
        .entries();
  }
}
