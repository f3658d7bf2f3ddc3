package dev.filigree.mask;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
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
  public List<Share> shares(List<? extends Parameter> parameters, double sparsity) {
    var patterns = new LinkedHashMap<Pattern, Double>();
    sparsities.forEach(
        (glob, value) -> {
          Pattern pattern = pattern(glob);
          if (parameters.stream().noneMatch(p -> pattern.matcher(p.name()).matches())) {
            throw new IllegalArgumentException(
                "'%s' matches no parameter; there are %s"
                    .formatted(
                        glob,
                        parameters.stream()
                            .map(Parameter::name)
                            .collect(Collectors.joining(", "))));
          }
          patterns.put(pattern, value);
        });
    var shares = new ArrayList<Share>();
    for (Parameter parameter : parameters) {
      shares.add(
          Share.of(
              parameter,
              patterns.entrySet().stream()
                  .filter(entry -> entry.getKey().matcher(parameter.name()).matches())
                  .map(Map.Entry::getValue)
                  .findFirst()
                  .orElse(sparsity)));
    }
    return shares;
  }

  private static Pattern pattern(String glob) {
    return Pattern.compile(
        glob.chars()
            .mapToObj(
                c ->
                    switch (c) {
                      case '*' -> ".*";
                      case '?' -> ".";
                      default -> Pattern.quote(Character.toString(c));
                    })
            .collect(Collectors.joining()));
  }
}
