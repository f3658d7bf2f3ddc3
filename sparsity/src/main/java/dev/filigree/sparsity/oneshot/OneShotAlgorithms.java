package dev.filigree.sparsity.oneshot;

import dev.filigree.config.Registry;
import java.util.Set;

/** The one-shot algorithms by name. Registering another makes it one of them. */
public final class OneShotAlgorithms {
  private static final Registry<OneShotAlgorithm> REGISTRY = new Registry<>("algorithm");

  static {
    register("magnitude", new MagnitudePruning());
    register("wanda", new Wanda());
    register("sparsegpt", new SparseGpt());
  }

  private OneShotAlgorithms() {}

  /**
   * Makes an algorithm known by a name.
   *
   * @throws IllegalArgumentException when it is taken
   */
  public static void register(String name, OneShotAlgorithm algorithm) {
    REGISTRY.register(name, algorithm);
  }

  /**
   * The algorithm of a name of any case.
   *
   * @throws IllegalArgumentException for an unknown name, with those that are allowed
   */
  public static OneShotAlgorithm get(String name) {
    return REGISTRY.get(name);
  }

  /** The known names, in the order of the alphabet. */
  public static Set<String> names() {
    return REGISTRY.names();
  }
}
