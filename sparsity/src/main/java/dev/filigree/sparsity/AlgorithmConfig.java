package dev.filigree.sparsity;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.Location;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.Distributions;
import dev.filigree.mask.InitialMasks;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.Schedules;
import dev.filigree.schedule.UpdateSchedules;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Ties;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One algorithm of a {@code sparsity:} block and the parameters it is for.
 *
 * @param algorithm the registered name
 * @param paramFilter globs; empty for the default filter
 * @param settings the other keys, as plain Java
 * @param location where it stands; does not count for equality
 * @param filterLocation where its filter stands, or the block; does not count for equality
 */
public record AlgorithmConfig(
    String algorithm,
    List<String> paramFilter,
    Map<String, @Nullable Object> settings,
    Location location,
    Location filterLocation) {
  private static final double DEFAULT_DROP_FRACTION = 0.3;

  /** The filter and the settings are copied. */
  public AlgorithmConfig {
    paramFilter = List.copyOf(paramFilter);
    settings = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  static AlgorithmConfig read(ConfigMap block) {
    String name = block.get("algorithm", "type").map(ConfigNode::asString).orElse("static");
    build(name, block);
    Optional<ConfigNode> filterNode = block.get("param_filter");
    List<String> filter =
        filterNode.map(node -> node.asList().items()).orElse(List.of()).stream()
            .map(ConfigNode::asString)
            .toList();
    block.rejectUnknown();
    Map<String, @Nullable Object> settings = block.toJava();
    List.of("algorithm", "type", "param_filter").forEach(settings::remove);
    Location here = block.location();
    return new AlgorithmConfig(
        name, filter, settings, here, filterNode.map(ConfigNode::location).orElse(here));
  }

  /** A new algorithm with these settings. */
  SparsityAlgorithm build() {
    return build(algorithm, ConfigReader.of(settings, location.toString()).asMap());
  }

  private static SparsityAlgorithm build(String name, ConfigMap block) {
    if (!Algorithms.names().contains(name)) {
      throw block
          .get("algorithm", "type")
          .orElse(block)
          .error(
              "unknown algorithm '"
                  + name
                  + "'; allowed: "
                  + String.join(", ", Algorithms.names()));
    }
    AlgorithmBuilder<SparsityAlgorithm> builder = Algorithms.builder(name, block);
    Optional<ConfigNode> sparsity = block.get("sparsity", "schedule");
    sparsity.map(AlgorithmConfig::rate).ifPresent(builder::sparsity);
    // The Model Zoo's defaults.
    builder.update(
        block.get("update").map(UpdateSchedules::parse).orElse(UpdateSchedules.always()));
    builder.dropFraction(
        block
            .get("drop_fraction")
            .map(AlgorithmConfig::rate)
            .orElse(Schedules.constant(DEFAULT_DROP_FRACTION)));
    block.get("init_method").map(InitialMasks::parse).ifPresent(builder::initialMask);
    block.get("tie_break").map(node -> node.asEnum(Ties.class)).ifPresent(builder::ties);
    block.get("distribution").map(AlgorithmConfig::distribution).ifPresent(builder::distribution);
    Shapers.parse(block).ifPresent(builder::shaper);
    Parametrizations.parse(block).ifPresent(builder::parametrization);
    if (sparsity.isPresent()) {
      // What a constructor refuses is, of all settings, as a rule the sparsity.
      return named(sparsity.get(), builder::build);
    }
    try {
      return builder.build();
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw block.error("'sparsity' is missing: a number or a schedule");
    }
  }

  /** A schedule of a fraction; a constant outside [0, 1] is an error. */
  private static Schedule rate(ConfigNode node) {
    Schedule schedule = Schedules.parse(node);
    double first = schedule.at(0);
    if (!(first >= 0 && first <= 1)) {
      throw node.error("a rate lies in [0, 1], found " + first);
    }
    return schedule;
  }

  /** A name ({@code erk}), or a sparsity for each pattern of parameter names. */
  private static Distribution distribution(ConfigNode node) {
    if (!(node instanceof ConfigMap map)) {
      return named(node, () -> Distributions.named(node.asString()));
    }
    var sparsities = new LinkedHashMap<String, Double>();
    map.entries().keySet().forEach(pattern -> sparsities.put(pattern, map.number(pattern)));
    return named(node, () -> Distribution.byName(sparsities));
  }

  /** Turns the complaint about a name into one that says where it stands. */
  private static <T> T named(ConfigNode node, Supplier<T> lookup) {
    try {
      return lookup.get();
    } catch (IllegalArgumentException e) {
      throw node.error(String.valueOf(e.getMessage()));
    }
  }

  Map<String, @Nullable Object> toConfig() {
    var map = new LinkedHashMap<String, @Nullable Object>();
    map.put("algorithm", algorithm);
    map.putAll(settings);
    if (!paramFilter.isEmpty()) {
      map.put("param_filter", paramFilter);
    }
    return map;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AlgorithmConfig that
        && algorithm.equals(that.algorithm)
        && paramFilter.equals(that.paramFilter)
        && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(algorithm, paramFilter, settings);
  }
}
