package dev.filigree.mask;

import dev.filigree.config.Glob;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A sparsity for each pattern of parameter names. */
final class ByName implements Distribution {
  private final Map<String, Double> sparsities;

  ByName(Map<String, Double> sparsities) {
    this.sparsities = new LinkedHashMap<>(sparsities);
    sparsities.forEach(
        (pattern, sparsity) -> {
          if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException(
                "'" + pattern + "': a sparsity lies in [0, 1], found " + sparsity);
          }
        });
  }

  @Override
  public double[] spread(double sparsity, List<? extends Parameter> parameters) {
    var unused = new LinkedHashSet<>(sparsities.keySet());
    var spread = new double[parameters.size()];
    for (int i = 0; i < spread.length; i++) {
      String name = parameters.get(i).name();
      List<Map.Entry<String, Double>> matching =
          sparsities.entrySet().stream()
              .filter(entry -> new Glob(entry.getKey()).matches(name))
              .toList();
      matching.forEach(entry -> unused.remove(entry.getKey()));
      spread[i] = matching.isEmpty() ? sparsity : matching.getFirst().getValue();
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "'%s' matches no parameter; there are %s"
              .formatted(
                  unused.getFirst(),
                  parameters.stream().map(Parameter::name).collect(Collectors.joining(", "))));
    }
    return spread;
  }
}
