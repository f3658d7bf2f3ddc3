package dev.filigree.cli.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The values that a method's keys get, one key after the other: each with the best values of the
 * keys before it and the first ones of those after it.
 */
final class Tuning {
  private final Map<String, List<Object>> keys;

  Tuning(Map<String, List<Object>> keys) {
    this.keys = keys;
  }

  /** The runs that it takes. */
  int runs() {
    int values = keys.values().stream().mapToInt(List::size).sum();
    return isNeeded() ? values - keys.size() + 1 : 0;
  }

  boolean isNeeded() {
    return keys.values().stream().anyMatch(values -> values.size() > 1);
  }

  /**
   * How far it is.
   *
   * @param wanted choices whose loss must be known next, in order; empty once it is over
   * @param best the best choice so far
   */
  record State(Set<Map<String, Object>> wanted, Map<String, Object> best) {}

  /**
   * Goes as far as losses are known.
   *
   * @param loss of a choice; null where it is not known yet, infinite where it diverged
   */
  State state(Function<Map<String, Object>, @Nullable Double> loss) {
    Map<String, Object> best = new LinkedHashMap<>();
    keys.forEach((key, values) -> best.put(key, values.getFirst()));
    if (!isNeeded()) {
      return new State(Set.of(), best);
    }
    for (var key : keys.entrySet()) {
      var candidates = new ArrayList<Map<String, Object>>();
      for (Object value : key.getValue()) {
        var candidate = new LinkedHashMap<>(best);
        candidate.put(key.getKey(), value);
        candidates.add(candidate);
      }
      var wanted = new LinkedHashSet<Map<String, Object>>();
      double least = Double.POSITIVE_INFINITY;
      for (Map<String, Object> candidate : candidates) {
        Double known = loss.apply(candidate);
        if (known == null) {
          wanted.add(candidate);
        } else if (known < least) {
          least = known;
          best.putAll(candidate);
        }
      }
      if (!wanted.isEmpty()) {
        return new State(wanted, best);
      }
    }
    return new State(Set.of(), best);
  }
}
