package dev.filigree.zoo.config;

import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.model.ModelConfig;
import dev.filigree.zoo.model.ParameterSpec;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * What a run would do, computed from its configuration: no tensor is made, no data are read.
 *
 * @param model Hugging Face's model type
 * @param start the checkpoint that the weights come from; empty for initial weights
 * @param layers every parameter in the model's order
 * @param steps optimizer steps
 * @param samplesPerStep samples of one optimizer step, over all its micro-batches
 * @param tokensPerStep positions of one optimizer step; 0 where the data files set the length
 * @param checkpointSteps steps between checkpoints; 0 for one at the end only
 * @param onGpu whether the device is a GPU, which takes the memory then; with {@code device: auto}
 *     the plan is that of a CPU
 * @param dense memory of the same network trained dense
 * @param masked memory of masked execution
 * @param compressed memory of compressed execution
 * @param disk what the checkpoints take
 * @param learningRate of the parameters without tags, in words
 * @param validation what validates and when, in words
 * @param warnings a line for each mask that is never made or updated, and for each schedule of a
 *     sparsity whose end the run does not reach
 * @param notes a line for each key that was mapped or left out
 */
public record RunPlan(
    String model,
    Optional<Path> start,
    List<Layer> layers,
    long steps,
    long samplesPerStep,
    long tokensPerStep,
    long checkpointSteps,
    boolean onGpu,
    MemoryPlan dense,
    MemoryPlan masked,
    MemoryPlan compressed,
    DiskPlan disk,
    String learningRate,
    String validation,
    List<String> warnings,
    List<String> notes) {

  /** The lists are copied. */
  public RunPlan {
    layers = List.copyOf(layers);
    warnings = List.copyOf(warnings);
    notes = List.copyOf(notes);
  }

  /**
   * A parameter.
   *
   * @param algorithm that decides which weights exist; "dense" where all do
   * @param initialSparsity at the beginning, a fraction
   * @param finalSparsity at the end of the run, a fraction
   * @param kept weights that exist at the end of the run
   * @param countsAges whether the optimizer counts how old each weight is: {@code regrown}
   */
  public record Layer(
      String name,
      List<Long> shape,
      String algorithm,
      double initialSparsity,
      double finalSparsity,
      long kept,
      boolean countsAges) {
    /** The shape is copied. */
    public Layer {
      shape = List.copyOf(shape);
    }

    /** Elements of the parameter. */
    public long size() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Whether an algorithm has it. */
    public boolean isSparse() {
      return !algorithm.equals("dense");
    }
  }

  /**
   * The plan of a configuration.
   *
   * @throws dev.filigree.config.ConfigException for a parameter filter that matches nothing
   */
  public static RunPlan of(RunConfig config) {
    ModelConfig model = config.model().config();
    List<Layer> layers = layers(config, model.parameters());
    long samples = config.loop().gradAccumSteps() * config.trainData().batchSize();
    Integer length = config.trainData().maxSequenceLength();
    int states = config.optimizer().stateTensors();
    boolean onGpu = config.device().kind() == Device.Kind.CUDA;
    return new RunPlan(
        model.modelType(),
        config.initialCheckpoint(),
        layers,
        config.loop().lastStep(),
        samples,
        length == null ? 0 : samples * length,
        config.checkpoint().steps(),
        onGpu,
        MemoryPlan.dense(layers, states),
        MemoryPlan.masked(layers, states, onGpu),
        MemoryPlan.compressed(layers, states, onGpu),
        DiskPlan.of(config, layers, states),
        learningRate(config),
        validation(config),
        warnings(config),
        config.notes());
  }

  private static List<String> warnings(RunConfig config) {
    return config.sparsity().stream()
        .flatMap(sparsity -> sparsity.courses(config.loop().lastStep()).stream())
        .flatMap(course -> course.warning().stream())
        .toList();
  }

  /**
   * The rates of the first to the last step; a schedule takes the number of steps finished before.
   */
  private static String learningRate(RunConfig config) {
    return config
        .schedulers()
        .schedules()
        .learningRate()
        .map(schedule -> schedule.range(0, config.loop().lastStep() - 1))
        .map(
            rate ->
                rate.min() == rate.max()
                    ? number(rate.end())
                    : "%s to %s, %s at the end"
                        .formatted(number(rate.min()), number(rate.max()), number(rate.end())))
        .orElseGet(() -> number(config.optimizer().options().lr()));
  }

  private static String number(double value) {
    return new BigDecimal(value, new MathContext(3)).stripTrailingZeros().toString();
  }

  private static String describe(DataConfig data) {
    String places = data.where();
    return data.keysWithoutEffect().contains("split")
        ? places
        : "the %s part of %s".formatted(data.split(), places);
  }

  private static String validation(RunConfig config) {
    LoopConfig loop = config.loop();
    if (config.validationData().isEmpty() || loop.evalFrequency() == 0) {
      return "none";
    }
    String data =
        config.validationData().values().stream()
            .map(RunPlan::describe)
            .distinct()
            .collect(Collectors.joining("; "));
    return "every %,d steps, %s of %s"
        .formatted(
            loop.evalFrequency(),
            switch ((int) Math.min(2, loop.evalSteps())) {
              case 0 -> "all";
              case 1 -> "1 batch";
              default -> "%,d batches".formatted(loop.evalSteps());
            },
            data);
  }

  private static List<Layer> layers(RunConfig config, List<ParameterSpec> parameters) {
    var shapes = new LinkedHashMap<String, long[]>();
    var otherNames = new LinkedHashMap<String, List<String>>();
    for (ParameterSpec spec : parameters) {
      shapes.put(spec.name(), spec.shape().stream().mapToLong(Long::longValue).toArray());
      otherNames.put(spec.name(), List.of(spec.modelZooName()));
    }
    Map<String, SparsityConfig.Planned> sparse =
        config.sparsity().stream()
            .flatMap(
                sparsity -> sparsity.plan(shapes, otherNames, config.loop().lastStep()).stream())
            .collect(Collectors.toMap(SparsityConfig.Planned::name, planned -> planned));
    var layers = new ArrayList<Layer>();
    for (ParameterSpec spec : parameters) {
      SparsityConfig.Planned planned = sparse.get(spec.name());
      layers.add(
          planned == null
              ? new Layer(spec.name(), spec.shape(), "dense", 0, 0, spec.size(), false)
              : new Layer(
                  spec.name(),
                  spec.shape(),
                  planned.algorithm(),
                  planned.initialSparsity(),
                  planned.finalSparsity(),
                  planned.finallyKept(),
                  planned.countsAges()));
    }
    return layers;
  }

  /** Elements of all parameters. */
  public long parameters() {
    return sum(Layer::size);
  }

  /**
   * What the host takes while the weights live on a GPU, in bytes, beside the program itself: one
   * parameter at a time is drawn, read or written there.
   */
  public long hostBesideGpu() {
    return layers.stream().mapToLong(layer -> 4 * layer.size()).max().orElse(0);
  }

  /** Weights that exist at the end of the run, in all parameters. */
  public long keptParameters() {
    return sum(Layer::kept);
  }

  /** Elements of the sparse parameters. */
  public long sparseParameters() {
    return sum(layer -> layer.isSparse() ? layer.size() : 0);
  }

  /** Weights that exist at the end of the run, in the sparse parameters. */
  public long keptSparseParameters() {
    return sum(layer -> layer.isSparse() ? layer.kept() : 0);
  }

  /** Those of the whole run. */
  public long tokens() {
    return steps * tokensPerStep;
  }

  private long sum(ToLongFunction<Layer> value) {
    return layers.stream().mapToLong(value).reduce(0, Math::addExact);
  }

  /** For people. */
  public String text() {
    return PlanText.of(this);
  }
}
