package dev.filigree.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench scale} measures: each case with each number of workers.
 *
 * @param workers how many train together
 * @param cases what they train
 * @param bandwidth of a worker's connection, bytes a second in each direction, which the cost model
 *     predicts steps with; null where it predicts nothing
 */
record ScaleSettings(List<Integer> workers, List<ScaleCase> cases, @Nullable Double bandwidth) {
  private static final double GIGA = 1e9;

  /** Those that take several values; a case is a combination of them. */
  private static final List<String> LISTS =
      List.of("execution", "sparsity", "wire", "overlap", "shard_optimizer_state");

  ScaleSettings {
    workers = List.copyOf(workers);
    cases = List.copyOf(cases);
    if (workers.isEmpty() || workers.stream().anyMatch(each -> each < 1)) {
      throw new IllegalArgumentException("workers must be at least 1, found " + workers);
    }
    if (bandwidth != null && !(bandwidth > 0)) {
      throw new IllegalArgumentException(
          "bandwidth must be above 0 GB/s, found " + bandwidth / GIGA);
    }
  }

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException for an unknown key or a bad value
   */
  static ScaleSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, keys());
    String bandwidth = values.get("bandwidth");
    try {
      return new ScaleSettings(
          split(values.getOrDefault("workers", "1,2")).stream().map(Integer::valueOf).toList(),
          cases(values),
          bandwidth == null ? null : Double.parseDouble(bandwidth) * GIGA);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static Set<String> keys() {
    var keys = new TreeSet<>(ScaleCase.KEYS);
    keys.addAll(List.of("workers", "bandwidth"));
    return keys;
  }

  /** Every combination once: the sparsity of a dense model is none. */
  private static List<ScaleCase> cases(Map<String, String> values) {
    List<Map<String, String>> combinations = List.of(values);
    for (String key : LISTS) {
      if (values.containsKey(key)) {
        var more = new ArrayList<Map<String, String>>();
        for (Map<String, String> each : combinations) {
          for (String value : split(values.getOrDefault(key, ""))) {
            var one = new HashMap<>(each);
            one.put(key, value);
            more.add(one);
          }
        }
        combinations = more;
      }
    }
    var cases = new LinkedHashSet<ScaleCase>();
    combinations.forEach(each -> cases.add(ScaleCase.of(each)));
    return List.copyOf(cases);
  }

  private static List<String> split(String text) {
    return Arrays.asList(text.split(",", -1));
  }

  boolean cuda() {
    return cases.getFirst().cuda();
  }
}
