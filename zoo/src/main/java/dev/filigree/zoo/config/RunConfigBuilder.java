package dev.filigree.zoo.config;

import dev.filigree.config.ConfigReader;
import dev.filigree.config.Records;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.Optimizers;
import dev.filigree.sparsity.SparsityConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds the configuration of a run in Java: with the names that models, data and optimizers are
 * registered by, and records as their options. Its checkpoints say the same, so that such a run is
 * resumed, evaluated and exported as any other.
 *
 * <pre>{@code
 * RunConfig config =
 *     RunConfig.builder()
 *         .model("my_net", new MyNet.Options(64))
 *         .trainData("my_data", new MyData.Options(1000), 32)
 *         .optimizer("AdamW", AdamW.options().lr(1e-3))
 *         .set("loop.max_steps", 500)
 *         .build();
 * }</pre>
 */
public final class RunConfigBuilder {
  private final Map<String, Object> init = new LinkedHashMap<>();
  private final Map<String, Object> fit = new LinkedHashMap<>();
  private final Map<String, Object> validation = new LinkedHashMap<>();
  private final List<String> settings = new ArrayList<>();

  RunConfigBuilder() {}

  /** A registered model with options of its record. */
  public RunConfigBuilder model(String name, Record options) {
    init.put("model", named("name", name, options));
    return this;
  }

  /** A registered optimizer, such as {@code AdamW}, at a constant learning rate unless set. */
  public RunConfigBuilder optimizer(String name, OptimizerOptions options) {
    init.put("optimizer", Map.of(name, Optimizers.write(options)));
    return this;
  }

  /** What {@link SparsityConfig#of} takes: a number, a map or a list of maps; dense without. */
  public RunConfigBuilder sparsity(Object block) {
    init.put("sparsity", SparsityConfig.of(block).toConfig());
    return this;
  }

  /** Registered data to train on, in batches of the given size. */
  public RunConfigBuilder trainData(String name, Record options, int batchSize) {
    Map<String, Object> block = named("data_processor", name, options);
    block.put("batch_size", batchSize);
    fit.put("train_dataloader", block);
    return this;
  }

  /**
   * Registered data to validate on, beside others that were given.
   *
   * @param set what metrics call it
   */
  public RunConfigBuilder validationData(String set, String name, Record options) {
    validation.put(set, named("data_processor", name, options));
    return this;
  }

  /**
   * Sets a value of the configuration, as {@code -s key.path=value} does on the command line:
   * {@code loop.max_steps}, {@code seed}, {@code train_dataloader.shuffle}.
   */
  public RunConfigBuilder set(String key, Object value) {
    settings.add(key + "=" + value);
    return this;
  }

  private static Map<String, Object> named(String key, String name, Record options) {
    var block = new LinkedHashMap<String, Object>();
    block.put(key, name);
    block.putAll(Records.write(options));
    return block;
  }

  /**
   * The configuration; what was not given is as in a file that leaves it out.
   *
   * @throws dev.filigree.config.ConfigException for unknown names and bad values
   */
  public RunConfig build() {
    if (!validation.isEmpty()) {
      fit.put("val_dataloader", validation);
    }
    Map<String, Object> root = Map.of("trainer", Map.of("init", init, "fit", fit));
    return RunConfigReader.read(ConfigReader.of(root, "program"), settings);
  }
}
