package dev.filigree.schedule;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** The Model Zoo's names of schedulers, {@code CosineDecayLR}, and how each is read. */
final class SchedulerNames {
  private SchedulerNames() {}

  @FunctionalInterface
  private interface Family {
    Schedule read(ConfigMap config, ScheduledParameter parameter);
  }

  /** By the name without LR or WD. */
  private static final Map<String, Family> FAMILIES = new TreeMap<>();

  /** Names without that ending, as PyTorch has them. */
  private static final Map<String, String> ALIASES =
      Map.of(
          "CosineAnnealingWarmRestarts", "CosineAnnealingWarmRestartsLR",
          "ChainedScheduler", "ChainedLR");

  private static final ConcurrentSkipListMap<String, Schedules.Reader> REGISTERED =
      new ConcurrentSkipListMap<>();

  static {
    FAMILIES.put("Constant", SchedulerNames::constant);
    FAMILIES.put("Linear", (c, p) -> polynomial(c, p, 1));
    FAMILIES.put("Polynomial", (c, p) -> polynomial(c, p, c.number("power", 1)));
    FAMILIES.put(
        "Exponential",
        (c, p) ->
            new ExponentialDecay(
                value(c, p.initial),
                c.integer("total_iters"),
                c.number("decay_rate"),
                c.flag("staircase", false)));
    FAMILIES.put(
        "InverseExponentialTimeDecay",
        (c, p) ->
            new InverseTimeDecay(
                value(c, p.initial),
                c.number("step_exponent"),
                c.integer("total_iters"),
                c.number("decay_rate"),
                c.flag("staircase", false)));
    FAMILIES.put(
        "InverseSquareRootDecay",
        (c, p) ->
            new InverseSquareRootDecay(
                c.number(p.initial, 1), c.number("scale", 1), c.number("warmup_steps", 1)));
    FAMILIES.put(
        "CosineDecay",
        (c, p) ->
            LearningRates.cosineDecay(
                value(c, p.initial), value(c, p.end), c.integer("total_iters")));
    FAMILIES.put(
        "CosineAnnealing",
        (c, p) ->
            LearningRates.cosineAnnealing(
                value(c, p.initial), c.integer("T_max"), c.number("eta_min", 0)));
    FAMILIES.put(
        "CosineAnnealingWarmRestarts",
        (c, p) ->
            new WarmRestarts(
                value(c, p.initial),
                c.integer("T_0"),
                c.integer("T_mult", 1),
                c.number("eta_min", 0)));
    FAMILIES.put(
        "Multiplicative", (c, p) -> new Power(value(c, p.initial), c.number("coefficient")));
    FAMILIES.put(
        "Step",
        (c, p) -> new StepDecay(value(c, p.initial), c.integer("step_size"), c.number("gamma")));
    FAMILIES.put(
        "MultiStep",
        (c, p) ->
            LearningRates.multiStep(
                value(c, p.initial), c.number("gamma"), steps(c.require("milestones"))));
    FAMILIES.put(
        "PiecewiseConstant",
        (c, p) ->
            new PiecewiseConstant(
                c.require(p.constants).asList().items().stream()
                    .map(SchedulerNames::notNegative)
                    .toList(),
                steps(c.require("milestones"))));
    FAMILIES.put("OneCycle", SchedulerNames::oneCycle);
    FAMILIES.put("Cyclic", SchedulerNames::cyclic);
    FAMILIES.put("Sequential", SchedulerNames::sequential);
    FAMILIES.put("Chained", (c, p) -> new Chained(parts(c, p)));
    FAMILIES.put("ScalePerParam", (c, p) -> new ScalePerParam(parse(c.require("scheduler"), p)));
    FAMILIES.put(
        "Lambda",
        (c, p) -> {
          throw c.error(
              "a lambda is code: write it in Java, or give it a name with LearningRates.register");
        });
  }

  static void register(String name, Schedules.Reader reader) {
    boolean taken = isFamily(ALIASES.getOrDefault(name, name));
    if (taken || REGISTERED.putIfAbsent(name, reader) != null) {
      throw new IllegalArgumentException("there is a scheduler " + name + " already");
    }
  }

  /** What a scheduler moves, by its name; the learning rate where the name does not say. */
  static ScheduledParameter parameter(ConfigNode node) {
    return node instanceof ConfigMap map
            && map.entries().size() == 1
            && map.entries()
                .keySet()
                .iterator()
                .next()
                .endsWith(ScheduledParameter.WEIGHT_DECAY.suffix)
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
    Schedule schedule = Schedules.built(entry.getValue(), () -> read(name, body, parameter));
    body.rejectUnknown();
    return schedule;
  }

  private static Schedule read(String name, ConfigMap body, ScheduledParameter parameter) {
    Schedules.Reader registered = REGISTERED.get(name);
    if (registered != null) {
      return registered.read(body);
    }
    Family family = name.endsWith(parameter.suffix) ? FAMILIES.get(withoutSuffix(name)) : null;
    if (family == null) {
      var known = new ArrayList<String>();
      FAMILIES.keySet().forEach(base -> known.add(base + parameter.suffix));
      known.addAll(REGISTERED.keySet());
      throw body.error(
          "unknown scheduler of a " + parameter.words() + ": one of " + String.join(", ", known));
    }
    return family.read(body, parameter);
  }

  private static boolean isFamily(String name) {
    return (name.endsWith(ScheduledParameter.LEARNING_RATE.suffix)
            || name.endsWith(ScheduledParameter.WEIGHT_DECAY.suffix))
        && FAMILIES.containsKey(withoutSuffix(name));
  }

  private static String withoutSuffix(String name) {
    return name.substring(0, name.length() - 2);
  }

  /** The keys of a scheduler; a name without any stands for its defaults. */
  private static ConfigMap body(ConfigNode node) {
    return node instanceof ConfigScalar scalar && scalar.value() == null
        ? new ConfigMap(node.location(), Map.of())
        : node.asMap();
  }

  private static Schedule constant(ConfigMap config, ScheduledParameter parameter) {
    // How long it holds matters to a surrounding SequentialLR only.
    config.allow("total_iters");
    return new Constant(value(config, parameter.constant));
  }

  private static Schedule polynomial(ConfigMap config, ScheduledParameter parameter, double power) {
    return new PolynomialDecay(
        value(config, parameter.initial),
        value(config, parameter.end),
        config.integer("total_iters"),
        power,
        config.flag("cycle", false));
  }

  private static Schedule oneCycle(ConfigMap config, ScheduledParameter parameter) {
    return new OneCycle(
        value(config, parameter.initial),
        value(config, parameter.max),
        config.integer("total_steps", 1000),
        config.number("pct_start", 0.3),
        config.number("final_div_factor", 1e4),
        config.flag("three_phase", false),
        choice(config, "anneal_strategy", OneCycle.Anneal.COS));
  }

  private static Schedule cyclic(ConfigMap config, ScheduledParameter parameter) {
    long up = config.integer("step_size_up", 2000);
    // The mode decides it; configurations written with all defaults name it all the same.
    config.allow("scale_mode");
    return new Cyclic(
        value(config, parameter.base),
        value(config, parameter.max),
        up,
        config.integer("step_size_down", up),
        choice(config, "mode", Cyclic.Mode.TRIANGULAR),
        config.number("gamma", 1));
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

  private static double value(ConfigMap config, String key) {
    return notNegative(config.require(key));
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

  private static <E extends Enum<E>> E choice(ConfigMap config, String key, E fallback) {
    Optional<ConfigNode> node = config.get(key);
    if (node.isEmpty()) {
      return fallback;
    }
    String text = node.get().asString();
    var allowed = new ArrayList<String>();
    for (E constant : fallback.getDeclaringClass().getEnumConstants()) {
      String name = constant.name().toLowerCase(Locale.ROOT);
      if (name.equals(text)) {
        return constant;
      }
      allowed.add(name);
    }
    throw node.get()
        .error("expected one of " + String.join(", ", allowed) + ", found '" + text + "'");
  }
}
