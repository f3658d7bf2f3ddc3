package dev.filigree.schedule;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The Model Zoo's names of schedulers, {@code CosineDecayLR}, and how each is read. */
final class SchedulerNames {
  private static final Registry<Reader> READERS = new Registry<>("scheduler");

  /** The names of records. */
  private static final Map<Class<?>, String> NAMES = new ConcurrentHashMap<>();

  /** Names without LR, as PyTorch has them. */
  private static final Map<String, String> ALIASES =
      Map.of(
          "CosineAnnealingWarmRestarts", "CosineAnnealingWarmRestartsLR",
          "ChainedScheduler", "ChainedLR");

  @FunctionalInterface
  private interface Reader {
    Schedule read(ConfigMap config, ScheduledParameter parameter);
  }

  static {
    family("Polynomial", PolynomialDecay.class);
    family("Exponential", ExponentialDecay.class);
    family("InverseExponentialTimeDecay", InverseTimeDecay.class);
    family("InverseSquareRootDecay", InverseSquareRootDecay.class);
    family("CosineAnnealingWarmRestarts", WarmRestarts.class);
    family("Step", StepDecay.class);
    family("PiecewiseConstant", PiecewiseConstant.class);
    family("OneCycle", OneCycle.class);
    family("Cyclic", Cyclic.class, "scale_mode"); // the mode decides it
    named(Sequential.class, "SequentialLR");
    named(Chained.class, "ChainedLR");

    // Forms of schedules that have a record of another form, or parts.
    family(
        "Constant",
        (config, parameter) -> {
          // How long it holds matters to a surrounding SequentialLR only.
          config.allow("total_iters");
          return new Constant(value(config, parameter, "learning_rate"));
        });
    family(
        "Linear",
        (config, parameter) ->
            new PolynomialDecay(
                initial(config, parameter),
                value(config, parameter, "end_learning_rate"),
                config.integer("total_iters"),
                1,
                config.flag("cycle", false)));
    family(
        "CosineDecay",
        (config, parameter) ->
            LearningRates.cosineDecay(
                initial(config, parameter),
                value(config, parameter, "end_learning_rate"),
                config.integer("total_iters")));
    family(
        "CosineAnnealing",
        (config, parameter) ->
            LearningRates.cosineAnnealing(
                initial(config, parameter), config.integer("T_max"), config.number("eta_min", 0)));
    family(
        "Multiplicative",
        (config, parameter) -> new Power(initial(config, parameter), config.number("coefficient")));
    family(
        "MultiStep",
        (config, parameter) ->
            LearningRates.multiStep(
                initial(config, parameter),
                config.number("gamma"),
                steps(config.require("milestones"))));
    family("Sequential", SchedulerNames::sequential);
    family("Chained", (config, parameter) -> new Chained(parts(config, parameter)));
    // All parameter groups have the scale 1.
    family("ScalePerParam", (config, parameter) -> parse(config.require("scheduler"), parameter));
    family(
        "Lambda",
        (config, _) -> {
          throw config.error(
              "a lambda is code: write it in Java, or give it a name with LearningRates.register");
        });
  }

  private SchedulerNames() {}

  /** A schedule of the learning rate and one of the weight decay. */
  private static void family(String name, Reader reader) {
    for (ScheduledParameter parameter : ScheduledParameter.values()) {
      READERS.register(name + parameter.suffix, reader);
    }
  }

  /**
   * The same, as a record.
   *
   * @param ignored keys without effect
   */
  private static <S extends Record & Schedule> void family(
      String name, Class<S> type, String... ignored) {
    family(
        name,
        (config, parameter) -> {
          config.allow(ignored);
          return record(config, type, parameter);
        });
    named(type, name + ScheduledParameter.LEARNING_RATE.suffix);
  }

  private static void named(Class<? extends Record> type, String name) {
    NAMES.putIfAbsent(type, name);
  }

  static void register(String name, Schedules.Reader reader) {
    if (ALIASES.containsKey(name)) {
      throw new IllegalArgumentException("the scheduler '" + name + "' is already registered");
    }
    READERS.register(name, (config, _) -> reader.read(config));
  }

  static <S extends Record & Schedule> void register(String name, Class<S> type) {
    register(name, config -> record(config, type, ScheduledParameter.LEARNING_RATE));
    named(type, name);
  }

  /** {@code {name: {key: value, ...}}} of a record that has a name here. */
  static Optional<Object> form(Record schedule) {
    return Optional.ofNullable(NAMES.get(schedule.getClass()))
        .flatMap(name -> ConfigForm.keys(schedule).map(keys -> Map.of(name, keys)));
  }

  /** What a scheduler moves, by its name; the learning rate where the name does not say. */
  static ScheduledParameter parameter(ConfigNode node) {
    return node instanceof ConfigMap map
            && map.entries().size() == 1
            && isOf(ScheduledParameter.WEIGHT_DECAY, map.entries().keySet().iterator().next())
        ? ScheduledParameter.WEIGHT_DECAY
        : ScheduledParameter.LEARNING_RATE;
  }

  static Schedule parse(ConfigNode node, ScheduledParameter parameter) {
    if (node instanceof ConfigScalar) {
      return new Constant(notNegative(node));
    }
    if (node instanceof ConfigMap map && map.has("type")) {
      return Schedules.read(node, false);
    }
    ConfigMap map = node.asMap();
    if (map.entries().size() != 1) {
      throw map.error(
          "expected one scheduler {Name: {...}}, found the keys " + map.entries().keySet());
    }
    var entry = map.entries().entrySet().iterator().next();
    String name = ALIASES.getOrDefault(entry.getKey(), entry.getKey());
    ConfigMap body = body(entry.getValue());
    List<String> known =
        READERS.names().stream().filter(other -> canMove(parameter, other)).toList();
    if (!READERS.contains(name) || !canMove(parameter, name)) {
      throw body.error(
          "unknown scheduler of a " + parameter.words() + ": one of " + String.join(", ", known));
    }
    Reader reader = READERS.get(name);
    Schedule schedule = Schedules.built(entry.getValue(), () -> reader.read(body, parameter));
    body.rejectUnknown();
    return schedule;
  }

  private static boolean isOf(ScheduledParameter parameter, String name) {
    return name.endsWith(parameter.suffix);
  }

  /** A name that ends in neither LR nor WD can move both. */
  private static boolean canMove(ScheduledParameter parameter, String name) {
    return isOf(parameter, name)
        || Arrays.stream(ScheduledParameter.values()).noneMatch(other -> isOf(other, name));
  }

  /** The keys of a scheduler; a name without any stands for its defaults. */
  private static ConfigMap body(ConfigNode node) {
    return node instanceof ConfigScalar scalar && scalar.value() == null
        ? new ConfigMap(node.location(), Map.of())
        : node.asMap();
  }

  private static <S extends Record & Schedule> S record(
      ConfigMap config, Class<S> type, ScheduledParameter parameter) {
    Arrays.stream(type.getRecordComponents())
        .map(Records::key)
        .filter(ScheduledParameter::isValue)
        .flatMap(key -> config.get(parameter.key(key)).stream())
        .forEach(values -> values.asList().forEach(SchedulerNames::notNegative));
    return Records.read(config, type, parameter::key);
  }

  private static Schedule sequential(ConfigMap config, ScheduledParameter parameter) {
    List<Schedule> parts = parts(config, parameter);
    List<Long> milestones =
        config
            .get("milestones")
            .map(SchedulerNames::steps)
            .orElseGet(() -> endToEnd(config.require("schedulers").asList()));
    return new Sequential(parts, milestones);
  }

  /** Where each part but the first starts when each lasts for its total_iters. */
  private static List<Long> endToEnd(ConfigList parts) {
    var milestones = new ArrayList<Long>();
    long end = 0;
    for (ConfigNode part : parts.items().subList(0, Math.max(0, parts.items().size() - 1))) {
      end +=
          totalIters(part)
              .orElseThrow(
                  () ->
                      part.error("how long is it? give it total_iters, or all of them milestones"));
      milestones.add(end);
    }
    return milestones;
  }

  private static Optional<Long> totalIters(ConfigNode part) {
    return part instanceof ConfigMap map
            && map.entries().values().iterator().next() instanceof ConfigMap body
        ? body.get("total_iters").map(ConfigNode::asLong)
        : Optional.empty();
  }

  private static List<Schedule> parts(ConfigMap config, ScheduledParameter parameter) {
    var parts = new ArrayList<Schedule>();
    config.require("schedulers").asList().forEach(item -> parts.add(parse(item, parameter)));
    return parts;
  }

  private static double initial(ConfigMap config, ScheduledParameter parameter) {
    return value(config, parameter, "initial_learning_rate");
  }

  private static double value(ConfigMap config, ScheduledParameter parameter, String key) {
    return notNegative(config.require(parameter.key(key)));
  }

  /** A learning rate or weight decay: a finite number from 0 on. */
  private static double notNegative(ConfigNode node) {
    double value = node.asDouble();
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw node.error("must be a finite number of at least 0, found " + value);
    }
    return value;
  }

  private static List<Long> steps(ConfigNode node) {
    return node.asList().items().stream().map(ConfigNode::asLong).toList();
  }
}
