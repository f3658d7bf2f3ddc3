package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.LoopConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.config.TrainingFlops;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the runs of a comparison out of its file and the base configuration. */
final class RunFactory {
  /** The folder of the runs that tune, and of those that measure the time of a step. */
  static final String TUNING = "tuning";

  static final String TIMING = "timing";
  private static final String RATE = "learning_rate";
  private static final String SPARSITY = "sparsity.";
  private static final long TIMED_STEPS = 24;

  private final BaseConfig base;
  private final ComparisonFile file;
  private final RunConfig whole;
  private final SparsityBlocks blocks;
  private final List<Double> sparsities;
  private final Map<Key, RunSpec> made = new HashMap<>();
  private final Map<Key, Double> operationRatios = new HashMap<>();

  /** What decides a run: its folder alone does not, before the choice is known. */
  private record Key(Path directory, Map<String, Object> choice, long steps) {}

  RunFactory(BaseConfig base, ComparisonFile file) {
    this.base = base;
    this.file = file;
    whole = base.read(List.of());
    blocks = SparsityBlocks.of(whole);
    sparsities = file.sparsities().isEmpty() ? List.of(blocks.sparsity()) : file.sparsities();
  }

  /** The base, with nothing changed. */
  RunConfig base() {
    return whole;
  }

  /** The lines of the table. */
  List<Group> groups() {
    var groups = new ArrayList<Group>();
    boolean alone = sparsities.size() == 1;
    for (Method method : file.methods()) {
      if (method.dependsOnSparsity()) {
        sparsities.forEach(sparsity -> groups.add(new Group(method, sparsity, alone)));
      } else {
        groups.add(new Group(method, Double.NaN, alone));
      }
    }
    return groups;
  }

  /** A short run that shows how long a step takes. */
  RunSpec timing(Group group, Map<String, Object> choice) {
    return make(
        group.name() + ", timing",
        Path.of(TIMING, group.name()),
        group,
        choice,
        0,
        steps(),
        List.of("loop.stop_at=" + Math.min(TIMED_STEPS, steps()), "loop.eval_frequency=0"));
  }

  /** The run that shows what a choice of values is worth, with seed 0. */
  RunSpec tuning(Group group, Map<String, Object> choice, double secondsPerStep) {
    String values = text(choice);
    return make(
        group.name() + ", " + values.replace(",", ", "),
        Path.of(TUNING, group.name() + "," + values),
        group,
        choice,
        0,
        Math.max(1, Math.round(file.tuneLength() * steps(group, choice, secondsPerStep))),
        List.of());
  }

  /** A run whose loss is in the table. */
  RunSpec run(Group group, Map<String, Object> choice, long seed, double secondsPerStep) {
    if (seed == 0 && file.tuneLength() == 1 && new Tuning(group.method().tune()).isNeeded()) {
      return tuning(group, choice, secondsPerStep);
    }
    return make(
        group.name() + ", seed " + seed,
        Path.of(group.name() + "-seed" + seed),
        group,
        choice,
        seed,
        steps(group, choice, secondsPerStep),
        List.of());
  }

  private long steps() {
    return whole.loop().lastStep();
  }

  private long steps(Group group, Map<String, Object> choice, double secondsPerStep) {
    return switch (file.budget().kind()) {
      case TOKENS -> steps();
      case HALF_BATCH -> group.method().isSparse() ? 2 * steps() : steps();
      case SECONDS -> Math.max(1, Math.round(file.budget().seconds() / secondsPerStep));
      case FLOPS -> Math.max(1, Math.round(steps() * operationRatio(group, choice)));
    };
  }

  /** The operations of a position in the dense network over those in the group's. */
  private double operationRatio(Group group, Map<String, Object> choice) {
    return operationRatios.computeIfAbsent(
        new Key(Path.of(group.name()), Map.copyOf(choice), steps()),
        _ -> {
          RunConfig same = read(overrides(group, choice, 0, steps()));
          RunConfig dense = base.read(List.of("sparsity=none"));
          double ratio =
              TrainingFlops.of(dense).perPosition() / TrainingFlops.of(same).perPosition();
          if (Double.isNaN(ratio)) {
            throw new ConfigException(
                "budget: flops: operations are counted for networks of matrices only");
          }
          return ratio;
        });
  }

  private RunSpec make(
      String name,
      Path directory,
      Group group,
      Map<String, Object> choice,
      long seed,
      long steps,
      List<String> more) {
    return made.computeIfAbsent(
        new Key(directory, Map.copyOf(choice), steps),
        _ -> {
          var overrides = overrides(group, choice, seed, steps);
          overrides.addAll(more);
          return new RunSpec(name, directory, group, choice, base.with(overrides), read(overrides));
        });
  }

  private RunConfig read(List<String> overrides) {
    return base.read(overrides);
  }

  private List<String> overrides(Group group, Map<String, Object> choice, long seed, long steps) {
    Method method = group.method();
    Map<String, @Nullable Object> settings = new LinkedHashMap<>(method.set());
    settings.putAll(choice);
    var overrides = new ArrayList<String>();
    overrides.add("loop=" + Json.line(loop(steps)));
    if (method.kind().equals(Method.SMALL_DENSE)) {
      overrides.addAll(SmallDense.overrides(base, kept(group.sparsity())));
    }
    overrides.addAll(schedules(settings.remove(RATE), steps));
    overrides.add("sparsity=" + sparsity(group, steps, settings));
    overrides.add("checkpoint.keep=1");
    overrides.add("seed=" + seed);
    if (file.budget().kind() == Budget.Kind.HALF_BATCH && method.isSparse()) {
      overrides.add(
          "train_dataloader.batch_size=" + Math.max(1, whole.trainData().batchSize() / 2));
    }
    settings.forEach((path, value) -> overrides.add(ConfigBlocks.override(path, value)));
    return overrides;
  }

  /** The base's loop, with everything at the same part of the run. */
  private Map<String, Object> loop(long steps) {
    var loop = new LinkedHashMap<String, Object>(ConfigBlocks.init(whole, "loop"));
    LoopConfig given = whole.loop();
    loop.remove("stop_at");
    loop.put("max_steps", steps);
    loop.put(
        "eval_frequency",
        Math.max(
            given.evalFrequency() == 0 ? 0 : 1,
            Math.round((double) given.evalFrequency() * steps / given.maxSteps())));
    return loop;
  }

  private List<String> schedules(@Nullable Object rate, long steps) {
    double length = (double) steps / whole.loop().maxSteps();
    double factor =
        rate instanceof Number peak ? peak.doubleValue() / LearningRates.peak(whole) : 1;
    var changed = new ArrayList<String>();
    if (length != 1 || factor != 1) {
      boolean scheduled = whole.schedulers().schedules().learningRate().isPresent();
      for (String block : scheduled ? List.of("schedulers") : List.of("schedulers", "optimizer")) {
        Object value = Schedulers.scaled(ConfigBlocks.value(whole, block), factor, length);
        if (!List.of().equals(value) && !Map.of().equals(value)) {
          changed.add(ConfigBlocks.override(block, value));
        }
      }
    }
    return changed;
  }

  /** The block, from which the settings that belong to it are taken. */
  private String sparsity(Group group, long steps, Map<String, @Nullable Object> settings) {
    if (!group.method().isSparse()) {
      return "none";
    }
    Map<String, @Nullable Object> block = blocks.block(group.method(), group.sparsity(), steps);
    for (String path : List.copyOf(settings.keySet())) {
      if (path.startsWith(SPARSITY)) {
        ConfigBlocks.put(block, path.substring(SPARSITY.length()), settings.remove(path));
      }
    }
    return Json.line(block);
  }

  /** Weights that a network of the base keeps at a sparsity. */
  private long kept(double sparsity) {
    Map<String, @Nullable Object> block = blocks.block(Method.named("static"), sparsity, steps());
    return RunPlan.of(base.read(List.of("sparsity=" + Json.line(block)))).keptParameters();
  }

  /** Values as folders name them: {@code learning_rate=0.003,drop_fraction=0.1}. */
  private static String text(Map<String, Object> choice) {
    var parts = new ArrayList<String>();
    choice.forEach((path, value) -> parts.add(name(path, choice.keySet()) + "=" + word(value)));
    return String.join(",", parts);
  }

  /** The last key of a path, or all of it where another path has the same last key. */
  private static String name(String path, Set<String> paths) {
    String key = lastKey(path);
    return paths.stream().filter(other -> lastKey(other).equals(key)).count() > 1 ? path : key;
  }

  private static String lastKey(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** {@code {multiplier=3}} becomes {@code multiplier_3}. */
  private static String word(Object value) {
    return value.toString().replaceAll("[^\\w.+-]+", "_").replaceAll("^_|_$", "");
  }
}
