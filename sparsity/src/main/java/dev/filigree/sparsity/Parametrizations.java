package dev.filigree.sparsity;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.sparsity.algorithm.Parametrization;
import dev.filigree.sparsity.algorithm.RateFactor;
import java.util.Optional;

/**
 * The keys of a {@code sparsity} block that say how existing weights are initialised and updated:
 * {@code parametrization: supar}, or {@code learning_rate: by_density}, {@code {by_density: 0.5}}
 * or {@code {multiplier: 3}}, {@code initial_weights: by_density} and {@code regrown: {age: own,
 * warmup: 100}}.
 */
final class Parametrizations {
  private enum Named {
    STANDARD,
    SUPAR
  }

  private enum Weights {
    STANDARD,
    BY_DENSITY
  }

  private enum Age {
    OPTIMIZER,
    OWN
  }

  private static final int WARMUP = 100;

  private Parametrizations() {}

  /** Empty where the block says nothing of it. */
  static Optional<Parametrization> parse(ConfigMap block) {
    Optional<ConfigNode> name = block.get("parametrization");
    Optional<ConfigNode> rate = block.get("learning_rate");
    Optional<ConfigNode> weights = block.get("initial_weights");
    Optional<ConfigNode> regrown = block.get("regrown");
    if (name.isEmpty() && rate.isEmpty() && weights.isEmpty() && regrown.isEmpty()) {
      return Optional.empty();
    }
    Named named = name.map(node -> node.asEnum(Named.class)).orElse(Named.STANDARD);
    if (named == Named.SUPAR && (rate.isPresent() || weights.isPresent())) {
      throw rate.or(() -> weights)
          .orElseThrow()
          .error("parametrization: supar says it already; give one of the two");
    }
    Parametrization made =
        switch (named) {
          case STANDARD -> Parametrization.standard();
          case SUPAR -> Parametrization.supar();
        };
    if (rate.isPresent()) {
      made = made.learningRate(rate(rate.get()));
    }
    if (weights.isPresent()) {
      made =
          made.initialWeightsByDensity(weights.get().asEnum(Weights.class) == Weights.BY_DENSITY);
    }
    if (regrown.isPresent()) {
      made = regrown(made, regrown.get().asMap());
    }
    return Optional.of(made);
  }

  private static RateFactor rate(ConfigNode node) {
    if (!(node instanceof ConfigMap map)) {
      if (!node.asString().equals("by_density")) {
        throw node.error("expected by_density, {by_density: EXPONENT} or {multiplier: NUMBER}");
      }
      return new RateFactor.ByDensity(1);
    }
    Optional<ConfigNode> exponent = map.get("by_density");
    Optional<ConfigNode> multiplier = map.get("multiplier");
    if (exponent.isPresent() == multiplier.isPresent()) {
      map.rejectUnknown();
      throw node.error("expected one of by_density (an exponent) and multiplier");
    }
    RateFactor factor =
        exponent.isPresent()
            ? map.build(() -> new RateFactor.ByDensity(exponent.get().asDouble()))
            : map.build(() -> new RateFactor.Constant(multiplier.orElseThrow().asDouble()));
    map.rejectUnknown();
    return factor;
  }

  private static Parametrization regrown(Parametrization made, ConfigMap map) {
    Age age = map.get("age").map(node -> node.asEnum(Age.class)).orElse(Age.OWN);
    Optional<ConfigNode> warmup = map.get("warmup");
    if (age == Age.OPTIMIZER && warmup.isPresent()) {
      throw warmup.get().error("only weights of an age of their own (age: own) warm up");
    }
    long steps = warmup.map(ConfigNode::asLong).orElse((long) WARMUP);
    map.rejectUnknown();
    return age == Age.OPTIMIZER
        ? made
        : map.build(
            () -> made.regrown(new Parametrization.Regrown(Math.clamp(steps, -1, 1 << 20))));
  }
}
