package dev.filigree.sparsity.algorithm;

import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The algorithms that configurations can name. Registering another makes it one of them. */
public final class Algorithms {
  private static final Map<String, Function<AlgorithmSettings, ? extends SparsityAlgorithm>>
      REGISTRY = new ConcurrentHashMap<>();

  static {
    register("static", Static::new);
    register("gmp", GradualMagnitude::new);
    register("set", SparseEvolution::new);
    register("rigl", RigL::new);
    register("granet", GraNet::new);
  }

  private Algorithms() {}

  /**
   * Makes an algorithm known by a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(
      String name, Function<AlgorithmSettings, ? extends SparsityAlgorithm> constructor) {
    if (REGISTRY.putIfAbsent(name, constructor) != null) {
      throw new IllegalArgumentException("the algorithm '" + name + "' is already registered");
    }
  }

  /** The registered names, in order. */
  public static java.util.Set<String> names() {
    return new TreeSet<>(REGISTRY.keySet());
  }

  /**
   * A builder for a registered algorithm.
   *
   * @throws IllegalArgumentException when the name is not registered
   */
  public static AlgorithmBuilder<SparsityAlgorithm> builder(String name) {
    var constructor = REGISTRY.get(name);
    if (constructor == null) {
      throw new IllegalArgumentException(
          "unknown algorithm '" + name + "'; allowed: " + String.join(", ", names()));
    }
    return new AlgorithmBuilder<>(constructor::apply);
  }
}
