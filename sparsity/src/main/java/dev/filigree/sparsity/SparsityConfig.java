package dev.filigree.sparsity;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.ConfigWriter;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The {@code sparsity:} block of a configuration, with the Model Zoo's keys: a number (static), a
 * map (one algorithm) or a list of maps (groups, the first match wins).
 *
 * @param groups at least one
 */
public record SparsityConfig(List<AlgorithmConfig> groups) {
  /**
   * @throws IllegalArgumentException for no group
   */
  public SparsityConfig {
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("a sparsity configuration has at least one group");
    }
    groups = List.copyOf(groups);
  }

  /**
   * Reads the block.
   *
   * @throws ConfigException for anything unknown or out of range, with file, line and key
   */
  public static SparsityConfig read(ConfigNode node) {
    return switch (node) {
      case ConfigScalar number -> {
        var settings = new LinkedHashMap<String, ConfigNode>();
        settings.put("sparsity", number);
        yield new SparsityConfig(
            List.of(AlgorithmConfig.read(new ConfigMap(number.location(), settings))));
      }
      case ConfigMap map -> new SparsityConfig(List.of(AlgorithmConfig.read(map)));
      case ConfigList list -> {
        if (list.items().isEmpty()) {
          throw list.error("an empty list; give a number, a map or a list of maps");
        }
        yield new SparsityConfig(
            list.items().stream().map(item -> AlgorithmConfig.read(item.asMap())).toList());
      }
    };
  }

  /** Reads the block from plain Java: a number, a map or a list of maps. */
  public static SparsityConfig of(Object value) {
    return read(ConfigReader.of(value, "sparsity"));
  }

  /** The block as plain Java, which {@link #of} reads back to an equal configuration. */
  public Object toConfig() {
    List<Map<String, @Nullable Object>> maps =
        groups.stream().map(AlgorithmConfig::toConfig).toList();
    return maps.size() == 1 ? maps.getFirst() : maps;
  }

  /** The block as YAML, which {@link #read} reads back to an equal configuration. */
  public String toYaml() {
    return ConfigWriter.toYaml(toConfig());
  }

  /** The algorithms, new ones with fresh schedules at every call. */
  public AlgorithmGroup build() {
    AlgorithmGroup group = AlgorithmGroup.empty();
    for (AlgorithmConfig config : groups) {
      group = group.with(new ParameterFilter(config.paramFilter()), config.build());
    }
    return group;
  }

  /**
   * What would be sparse, without touching a tensor.
   *
   * @param shapes the shapes of all parameters by name
   * @param otherNames further names that filters may match, by parameter name
   * @param lastStep the last step of the run: its sparsity is the final one
   * @throws ConfigException for a filter that matches nothing
   */
  public List<Planned> plan(
      Map<String, long[]> shapes, Map<String, List<String>> otherNames, long lastStep) {
    return locating(
        () -> {
          AlgorithmGroup group = build();
          List<List<String>> assigned = group.assign(shapes, otherNames);
          var planned = new ArrayList<Planned>();
          for (int i = 0; i < assigned.size(); i++) {
            SparsityAlgorithm algorithm = group.entries().get(i).algorithm();
            var mine = new LinkedHashMap<String, long[]>();
            assigned.get(i).forEach(name -> mine.put(name, shapes.get(name)));
            var course = SparsityCourse.of(groups.get(i).algorithm(), algorithm, lastStep);
            planned.addAll(SparseGroup.plan(course, algorithm.settings(), mine));
          }
          return planned;
        });
  }

  /**
   * What each group takes part in, step by step, without touching a tensor.
   *
   * @param shapes the shapes of all parameters by name
   * @param otherNames further names that filters may match, by parameter name
   * @param lastStep the last step of the run
   * @param counted which parameters count
   * @throws ConfigException for a filter that matches nothing
   */
  public List<SparsityWork> work(
      Map<String, long[]> shapes,
      Map<String, List<String>> otherNames,
      long lastStep,
      Predicate<String> counted) {
    return locating(
        () -> {
          AlgorithmGroup group = build();
          List<List<String>> assigned = group.assign(shapes, otherNames);
          var work = new ArrayList<SparsityWork>();
          for (int i = 0; i < assigned.size(); i++) {
            var mine = new LinkedHashMap<String, long[]>();
            assigned.get(i).forEach(name -> mine.put(name, shapes.get(name)));
            SparsityAlgorithm algorithm = group.entries().get(i).algorithm();
            work.add(SparsityWork.of(algorithm, mine, lastStep, counted));
          }
          return work;
        });
  }

  /**
   * How the sparsity of each group develops in the course of a run, in the order of the groups.
   *
   * @param lastStep the step that the run ends at
   */
  public List<SparsityCourse> courses(long lastStep) {
    return groups.stream()
        .map(config -> SparsityCourse.of(config.algorithm(), config.build(), lastStep))
        .toList();
  }

  /** Runs something that may meet a filter without a match, and says where that filter stands. */
  <T> T locating(Supplier<T> action) {
    try {
      return action.get();
    } catch (UnmatchedFilterException e) {
      throw new ConfigException(groups.get(e.entry()).filterLocation() + ": " + e.getMessage());
    }
  }

  /**
   * A parameter that would be sparse.
   *
   * @param name the parameter's name
   * @param shape its shape
   * @param algorithm the algorithm's registered name
   * @param initialSparsity a fraction, at the beginning
   * @param finalSparsity a fraction, at the end of the run
   * @param initiallyKept weights that exist at the beginning
   * @param finallyKept weights that exist at the end of the run
   * @param countsAges whether the optimizer counts how old each weight is
   */
  public record Planned(
      String name,
      List<Long> shape,
      String algorithm,
      double initialSparsity,
      double finalSparsity,
      long initiallyKept,
      long finallyKept,
      boolean countsAges) {}
}
