package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.ConfigWriter;
import dev.filigree.config.Records;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.zoo.data.DataConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that makes a run, read from the Model Zoo's YAML layout: {@code trainer.init} and
 * {@code trainer.fit}.
 *
 * @param model the block {@code model}
 * @param optimizer the block {@code optimizer}
 * @param schedulers the block {@code schedulers}
 * @param precision the block {@code precision}
 * @param sparsity the block {@code sparsity}; empty for a dense run
 * @param execution how sparse parameters are stored and computed with
 * @param loop the block {@code loop}
 * @param checkpoint the block {@code checkpoint}
 * @param logging the block {@code logging}
 * @param parallel the block {@code parallel}
 * @param device where the run computes
 * @param deterministic whether libtorch must use operations that give the same numbers every time,
 *     and fail where it has none
 * @param seed of initial weights, masks and dropout
 * @param modelDir the run directory where the command line names none
 * @param initialCheckpoint a checkpoint or Hugging Face folder that the weights start from
 * @param trainData the block {@code train_dataloader}
 * @param validationData the validation sets by name; one that is alone has the empty name
 * @param notes a line for each key that was mapped or left out
 */
public record RunConfig(
    ModelBlock model,
    OptimizerConfig optimizer,
    SchedulersConfig schedulers,
    PrecisionConfig precision,
    Optional<SparsityConfig> sparsity,
    Execution execution,
    LoopConfig loop,
    CheckpointConfig checkpoint,
    LoggingConfig logging,
    ParallelConfig parallel,
    Device device,
    boolean deterministic,
    long seed,
    Optional<Path> modelDir,
    Optional<Path> initialCheckpoint,
    DataConfig trainData,
    Map<String, DataConfig> validationData,
    List<String> notes) {

  /** The map and the list are copied. */
  public RunConfig {
    validationData = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(validationData));
    notes = List.copyOf(notes);
  }

  /**
   * Reads a file.
   *
   * @param overrides changes such as {@code loop.max_steps=100}
   * @throws ConfigException for anything unknown or out of range: the file, the line, the key, and
   *     what is allowed
   */
  public static RunConfig read(Path file, List<String> overrides) {
    return RunConfigReader.read(ConfigReader.read(file), overrides);
  }

  /** Reads YAML text; {@code source} names it in error messages. */
  public static RunConfig parse(String yaml, String source, List<String> overrides) {
    return RunConfigReader.read(ConfigReader.parse(yaml, source), overrides);
  }

  /** The run that an empty configuration describes: a small Llama on the JDK's own sources. */
  public static RunConfig defaults(List<String> overrides) {
    return RunConfigReader.read(ConfigReader.of(Map.of(), "default"), overrides);
  }

  /** The configuration of a run in Java, without YAML. */
  public static RunConfigBuilder builder() {
    return new RunConfigBuilder();
  }

  /** This configuration with more notes, those that it has not yet. */
  public RunConfig withNotes(List<String> more) {
    var all = new LinkedHashSet<>(notes);
    all.addAll(more);
    return Records.with(this, Map.of("notes", List.copyOf(all)));
  }

  /** Samples that go through the network at once. */
  public int microBatchSize() {
    Integer micro = trainData.microBatchSize();
    return micro == null ? trainData.batchSize() : micro;
  }

  /** How many forward and backward passes make one step. */
  public int microBatches() {
    return Math.toIntExact(loop.gradAccumSteps() * trainData.batchSize() / microBatchSize());
  }

  /** The whole configuration as YAML, which {@link #parse} reads back to an equal one. */
  public String toYaml() {
    return ConfigWriter.toYaml(toConfig());
  }

  /** The whole configuration as maps, lists and values. */
  public Map<String, Object> toConfig() {
    var init = new LinkedHashMap<String, Object>();
    modelDir.ifPresent(path -> init.put("model_dir", path.toString()));
    init.put("seed", seed);
    init.put("backend", device.toConfig());
    init.put("deterministic", deterministic);
    init.put("model", model.toConfig());
    init.put("optimizer", optimizer.toConfig(model.config().parameters(), schedulers.schedules()));
    init.put("schedulers", schedulers.toConfig());
    init.put("precision", precision.toConfig());
    init.put("sparsity", sparsity.<Object>map(SparsityConfig::toConfig).orElse("none"));
    init.put("execution", execution.name().toLowerCase(Locale.ROOT));
    init.put("loop", Records.write(loop));
    init.put("checkpoint", checkpoint.toConfig());
    init.put("logging", Records.write(logging));
    init.put("parallel", Records.write(parallel));
    var fit = new LinkedHashMap<String, Object>();
    initialCheckpoint.ifPresent(path -> fit.put("ckpt_path", path.toString()));
    fit.put("train_dataloader", DataBlocks.toConfig(trainData));
    fit.put("val_dataloader", DataBlocks.toConfig(validationData));
    var root = new LinkedHashMap<String, Object>();
    root.put("trainer", Map.of("init", init, "fit", fit));
    if (!notes.isEmpty()) {
      root.put("filigree", Map.of("notes", notes));
    }
    return root;
  }
}
