package dev.filigree.schedule;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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
  private static final Registry<Type> TYPES = new Registry<>("schedule");

  /** The names of records. */
  private static final Map<Class<?>, String> NAMES = new ConcurrentHashMap<>();

  static {
    register("constant", Constant.class, "value");
    register("linear", LinearRamp.class, "init");
    register("exp", Exponential.class, "init", "final");
    register("power", Power.class, "init");
    register("cosine", Cosine.class, "init", "minimum");
    register("cubic", Cubic.class, "init_sparsity", "end_sparsity");
    register("polynomial", Polynomial.class, "target");
    register("cycling", config -> new Cycling(numbers(config.require("values"))), "values");
  }

  private Schedules() {}

  /** Makes a schedule from its block of configuration; unknown keys are rejected afterwards. */
  @FunctionalInterface
  public interface Reader {
    /**
     * The schedule of a block; throws {@link dev.filigree.config.ConfigException} for a missing or
     * wrong value.
     */
    Schedule read(ConfigMap config);
  }

  private record Type(Reader reader, List<String> valueKeys) {}

  /** The same value at every step. */
  public static Constant constant(double value) {
    return new Constant(value);
  }

  /** init + slope · step. */
  public static LinearRamp linear(double init, double slope) {
    return new LinearRamp(init, slope);
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
   * Makes a record known to configuration. Its keys are its components: {@code endStep} is {@code
   * end_step} unless it has a {@link dev.filigree.config.Key}, and must be given unless it has a
   * {@link dev.filigree.config.Default}.
   *
   * @param type the name, of any case, used as {@code type: NAME}
   * @param valueKeys the keys that hold values of the schedule, checked to lie in [0, 1] where the
   *     schedule is a sparsity or a drop fraction
   * @throws IllegalArgumentException when the name is taken
   */
  public static <S extends Record & Schedule> void register(
      String type, Class<S> schedule, String... valueKeys) {
    register(type, config -> Records.read(config, schedule), valueKeys);
    NAMES.putIfAbsent(schedule, type);
  }

  /**
   * Makes a type of schedule known to configuration that is no record.
   *
   * @param type the name, of any case, used as {@code type: NAME}
   * @param reader asks for every key that the type knows
   * @param valueKeys the keys that hold values of the schedule, checked to lie in [0, 1] where the
   *     schedule is a sparsity or a drop fraction
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String type, Reader reader, String... valueKeys) {
    TYPES.register(type, new Type(reader, List.of(valueKeys)));
  }

  /** {@code {type: name, key: value, ...}} of a record that has a name here. */
  static Optional<Object> form(Record schedule) {
    String type = NAMES.get(schedule.getClass());
    if (type == null) {
      return Optional.empty();
    }
    return ConfigForm.keys(schedule)
        .map(
            keys -> {
              var form = new LinkedHashMap<String, Object>();
              form.put("type", type);
              form.putAll(keys);
              return form;
            });
  }

  /** The known types, sorted. */
  public static List<String> types() {
    return List.copyOf(TYPES.names());
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
    ConfigNode name =
        map.get("type")
            .orElseThrow(
                () -> map.error("'type' is missing; allowed: " + String.join(", ", types())));
    Type type = TYPES.get(name);
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
