package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.sparsity.algorithm.Algorithms;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One method of a comparison.
 *
 * @param label its name in tables and folders
 * @param kind {@code dense}, {@code small_dense} or a registered algorithm
 * @param sparsity keys that change the recipe's {@code sparsity} block
 * @param set further changes of the configuration by path; {@code learning_rate} is the peak rate
 * @param tune values to try by path, one key after the other: with the best values of the keys
 *     before it and the first ones of those after it
 */
public record Method(
    String label,
    String kind,
    Map<String, @Nullable Object> sparsity,
    Map<String, @Nullable Object> set,
    Map<String, List<Object>> tune) {
  static final String DENSE = "dense";
  static final String SMALL_DENSE = "small_dense";

  public Method {
    sparsity = Collections.unmodifiableMap(new LinkedHashMap<>(sparsity));
    set = Collections.unmodifiableMap(new LinkedHashMap<>(set));
    tune = Collections.unmodifiableMap(new LinkedHashMap<>(tune));
  }

  /** What a method can be. */
  static List<String> kinds() {
    return Stream.concat(Stream.of(DENSE, SMALL_DENSE), Algorithms.names().stream()).toList();
  }

  /**
   * A method by its recipe.
   *
   * @throws ConfigException for an unknown one
   */
  static Method named(String name) {
    if (!kinds().contains(name)) {
      throw new ConfigException(
          "--methods: unknown '" + name + "'; allowed: " + String.join(", ", kinds()));
    }
    return new Method(name, name, Map.of(), Map.of(), Map.of());
  }

  static Method read(String label, ConfigMap block) {
    String kind = block.string("method", label);
    if (!kinds().contains(kind)) {
      throw block
          .get("method")
          .orElse(block)
          .error("unknown method '" + kind + "'; allowed: " + String.join(", ", kinds()));
    }
    if (!label.matches("[\\w.+-]+")) {
      throw block.error("a method's name has letters, digits and . _ + - only: folders have it");
    }
    Map<String, @Nullable Object> sparsity = block.map("sparsity").toJava();
    if (!sparsity.isEmpty() && !isSparse(kind)) {
      throw block.require("sparsity").error("has no effect: the method is dense");
    }
    Map<String, @Nullable Object> set = block.map("set").toJava();
    block.get("learning_rate").ifPresent(rate -> set.put("learning_rate", rate.asDouble()));
    var tune = new LinkedHashMap<String, List<Object>>();
    block
        .map("tune")
        .entries()
        .forEach(
            (path, node) -> {
              var values = new ArrayList<Object>();
              for (ConfigNode value : node.asList()) {
                values.add(Objects.requireNonNull(value.toJava(), path));
              }
              if (values.isEmpty()) {
                throw node.error("give one value or more");
              }
              tune.put(path, values);
            });
    block.rejectUnknown();
    return new Method(label, kind, sparsity, set, tune);
  }

  boolean isSparse() {
    return isSparse(kind);
  }

  private static boolean isSparse(String kind) {
    return !kind.equals(DENSE) && !kind.equals(SMALL_DENSE);
  }

  /** Whether it is another one for another sparsity. */
  boolean dependsOnSparsity() {
    return !kind.equals(DENSE);
  }
}
