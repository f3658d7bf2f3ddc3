package dev.filigree.mask;

import java.util.HashMap;
import java.util.Map;

/** Stub. */
@FunctionalInterface
public interface Distribution {
  Map<String, Double> spread(double sparsity, Map<String, long[]> shapes);

  static Distribution uniform() {
    return (s, shapes) -> {
      var m = new HashMap<String, Double>();
      shapes.keySet().forEach(k -> m.put(k, s));
      return m;
    };
  }
}
