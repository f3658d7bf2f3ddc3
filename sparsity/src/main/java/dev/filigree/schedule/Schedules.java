package dev.filigree.schedule;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.DoubleStream;

/**
 * The named schedules of a value, for static import, and their configuration.
 *
 * <p>In configuration a schedule is a number (constant), a list (cycling) or a map with {@code
 * type} and the keys of that type:
 *
 * <pre>
 * drop_fraction: {type: cosine, init: 0.3, half_period: 3584}
 * </pre>
 *
 * <p>A schedule of your own is any {@code step -> value}; {@link #register} gives it a name in
 * configuration.
 */
public final class Schedules {
  private static final ConcurrentSkipListMap<String, Type> TYPES = new ConcurrentSkipListMap<>();

  static {
    register("constant", config -> constant(config.number("value")), "value");
    register("linear", config -> linear(config.number("init"), config.number("slope")), "init");
    register(
        "exp",
        config -> exp(config.number("init"), config.number("gamma"), config.number("final", 1)),
        "init",
        "final");
    register("power", config -> power(config.number("init"), config.number("beta")), "init");
    register(
        "cosine",
        config ->
            new Cosine(
                config.number("init"),
                config.number("half_period"),
                config.number("minimum", 0),
                config.flag("cyclic", false)),
        "init",
        "minimum");
    register(
        "cubic",
        config ->
            cubic(
                config.number("init_sparsity"),
                config.number("end_sparsity"),
                config.integer("sparsity_start_step"),
                config.integer("sparsity_end_step"),
                config.integer("prune_every_k_steps")),
        "init_sparsity",
        "end_sparsity");
    register(
        "polynomial",
        config ->
            new Polynomial(
                config.number("target"),
                config.integer("start", 0),
                config.integer("end"),
                config.number("power", 3)),
        "target");
    register("cycling", config -> new Cycling(numbers(config.require("values"))), "values");
  }

  private Schedules() {}

  /** Makes a schedule from its block of configuration; unknown keys are rejected afterwards. */
  @FunctionalInterface
  public interface Reader {
    Schedule read(ConfigMap config);
  }

  private record Type(Reader reader, List<String> valueKeys) {}

  /** The same value at every step. */
  public static Constant constant(double value) {
    return new Constant(value);
  }

  /** init + slope · step. */
  public static Linear linear(double init, double slope) {
    return new Linear(init, slope);
  }

  /** 1 + (init − 1) · e^(gamma · step): approaches 1 for a negative gamma. */
  public static Exponential exp(double init, double gamma) {
    return exp(init, gamma, 1);
  }

  /** last + (init − last) · e^(gamma · step): approaches {@code last} for a negative gamma. */
  public static Exponential exp(double init, double gamma, double last) {
    return new Exponential(init, gamma, last);
  }

  /** init · beta^step. */
  public static Power power(double init, double beta) {
    return new Power(init, beta);
  }

  /** From init to 0 along half a cosine wave of {@code halfPeriod} steps, 0 after it. */
  public static Cosine cosine(double init, double halfPeriod) {
    return cosine(init, halfPeriod, 0);
  }

  /** From init to minimum along half a cosine wave, at the minimum after it. */
  public static Cosine cosine(double init, double halfPeriod, double minimum) {
    return new Cosine(init, halfPeriod, minimum, false);
  }

  /** The rise of gradual pruning, a new value every {@code pruneEvery} steps: {@link Cubic}. */
  public static Cubic cubic(
      double initSparsity, double endSparsity, long startStep, long endStep, long pruneEvery) {
    return new Cubic(initSparsity, endSparsity, startStep, endStep, pruneEvery);
  }

  /** JaxPruner's rise from 0 to target between two steps, with power 3: {@link Polynomial}. */
  public static Polynomial polynomial(double target, long start, long end) {
    return new Polynomial(target, start, end, 3);
  }

  /** The next value after every mask update. */
  public static Cycling cycling(double... values) {
    return new Cycling(DoubleStream.of(values).boxed().toList());
  }

  /**
   * Makes a type of schedule known to configuration.
   *
   * @param type the name, of any case, used as {@code type: NAME}
   * @param reader asks for every key that the type knows
   * @param valueKeys the keys that hold values of the schedule, checked to lie in [0, 1] where the
   *     schedule is a sparsity or a drop fraction
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String type, Reader reader, String... valueKeys) {
    var entry = new Type(reader, List.of(valueKeys));
    if (TYPES.putIfAbsent(type.toLowerCase(Locale.ROOT), entry) != null) {
      throw new IllegalArgumentException("there is a schedule of type " + type + " already");
    }
  }

  /** The known types, sorted. */
  public static List<String> types() {
    return List.copyOf(TYPES.keySet());
  }

  /**
   * Reads the schedule of a sparsity or a drop fraction, whose values lie in [0, 1].
   *
   * @throws dev.filigree.config.ConfigException for an unknown type or key, a value outside [0, 1]
   *     or one that makes no schedule
   */
  public static Schedule parse(ConfigNode node) {
    return read(node, true);
  }

  /** Reads a schedule; {@code rate}: its values must lie in [0, 1]. */
  static Schedule read(ConfigNode node, boolean rate) {
    return switch (node) {
      case ConfigScalar scalar when scalar.value() instanceof Number -> {
        requireValue(scalar, rate);
        yield constant(scalar.asDouble());
      }
      case ConfigScalar scalar ->
          throw scalar.error(
              "expected a number, a list of numbers or a map with 'type', found " + scalar.kind());
      case ConfigList list -> {
        list.forEach(item -> requireValue(item, rate));
        yield built(list, () -> new Cycling(numbers(list)));
      }
      case ConfigMap map -> readTyped(map, rate);
    };
  }

  private static Schedule readTyped(ConfigMap map, boolean rate) {
    String known = "one of " + String.join(", ", types());
    ConfigNode name = map.get("type").orElseThrow(() -> map.error("'type' is missing: " + known));
    Type type = TYPES.get(name.asString().toLowerCase(Locale.ROOT));
    if (type == null) {
      throw name.error("unknown schedule '" + name.asString() + "': " + known);
    }
    for (String key : type.valueKeys()) {
      map.get(key).ifPresent(node -> node.asList().forEach(item -> requireValue(item, rate)));
    }
    Schedule schedule = built(map, () -> type.reader().read(map));
    map.rejectUnknown();
    return schedule;
  }

  private static void requireValue(ConfigNode node, boolean rate) {
    double value = node.asDouble();
    if (rate && !(value >= 0 && value <= 1)) {
      throw node.error("must lie in [0, 1], found " + value);
    }
    if (!Double.isFinite(value)) {
      throw node.error("must be a finite number, found " + value);
    }
  }

  /** Builds a schedule; what its constructor has to say is said with the place in the file. */
  static <T> T built(ConfigNode node, java.util.function.Supplier<T> schedule) {
    try {
      return schedule.get();
    } catch (IllegalArgumentException e) {
      throw node.error(String.valueOf(e.getMessage()));
    }
  }

  static List<Double> numbers(ConfigNode node) {
    var numbers = new ArrayList<Double>();
    node.asList().forEach(item -> numbers.add(item.asDouble()));
    return numbers;
  }
}
