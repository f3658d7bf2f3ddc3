package dev.filigree.sparsity.algorithm;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Location;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The algorithms that configurations can name. Registering another makes it one of them. */
public final class Algorithms {
  private static final Registry<Entry<?>> REGISTRY = new Registry<>("algorithm");

  static {
    register("static", Static::new);
    register("gmp", GradualMagnitude::new);
    register("set", SparseEvolution::new);
    register("rigl", RigL.Options.class, RigL::new);
    register("srigl", StructuredRigL.Options.class, StructuredRigL::new);
    register("granet", RigL.Options.class, GraNet::new);
    register("snfs", SparseMomentum.Options.class, SparseMomentum::new);
    register("dsr", DynamicReparameterization.Options.class, DynamicReparameterization::new);
    register("mest", ElasticMutation.Options.class, ElasticMutation::new);
    register("smet", SparseMemoryEfficient::new);
    register("chts", CannistraciHebb.Options.class, CannistraciHebb::new);
    register("ac_dc", AcDc.Options.class, AcDc::new);
    register("top_kast", TopKast.Options.class, TopKast::new);
    register("magnitude_ste", MagnitudeStraightThrough::new);
    register("sr_ste", SparseRefined.Options.class, SparseRefined::new);
    register("top_k", TopMagnitude::new);
    register("str", SoftThreshold.Options.class, SoftThreshold::new);
  }

  private Algorithms() {}

  /** The options of an algorithm that has none of its own. */
  private record NoOptions() {}

  private record Entry<O extends Record>(
      Function<ConfigMap, O> options,
      BiFunction<AlgorithmSettings, O, ? extends SparsityAlgorithm> constructor) {
    AlgorithmBuilder<SparsityAlgorithm> builder(ConfigMap block) {
      O read = options.apply(block);
      return new AlgorithmBuilder<>(settings -> constructor.apply(settings, read));
    }
  }

  /**
   * Registers an algorithm under a name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(
      String name, Function<AlgorithmSettings, ? extends SparsityAlgorithm> constructor) {
    register(name, new NoOptions(), (settings, none) -> constructor.apply(settings));
  }

  /**
   * Registers an algorithm with options of its own: each component of their record is a key of the
   * block that names the algorithm, {@code {algorithm: taylor, power: 0.5}}.
   *
   * @param defaults the values of options that a block does not give
   * @throws IllegalArgumentException when the name is taken
   */
  public static <O extends Record> void register(
      String name,
      O defaults,
      BiFunction<AlgorithmSettings, O, ? extends SparsityAlgorithm> constructor) {
    REGISTRY.register(name, new Entry<>(block -> Records.read(block, defaults), constructor));
  }

  /**
   * Registers an algorithm with options of its own; a block must give each of them unless its
   * component has a {@link dev.filigree.config.Default}.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static <O extends Record> void register(
      String name,
      Class<O> options,
      BiFunction<AlgorithmSettings, O, ? extends SparsityAlgorithm> constructor) {
    REGISTRY.register(name, new Entry<>(block -> Records.read(block, options), constructor));
  }

  /** The registered names, in order. */
  public static Set<String> names() {
    return REGISTRY.names();
  }

  /**
   * A builder for a registered algorithm with its default options.
   *
   * @throws dev.filigree.config.ConfigException when it has options without a default
   * @throws IllegalArgumentException when the name is not registered
   */
  public static AlgorithmBuilder<SparsityAlgorithm> builder(String name) {
    return builder(name, new ConfigMap(new Location(name, 0, ""), Map.of()));
  }

  /**
   * A builder for a registered algorithm.
   *
   * @param block holds its own options, among other keys
   * @throws IllegalArgumentException when the name is not registered
   * @throws dev.filigree.config.ConfigException for an option of another type, or one that the
   *     algorithm refuses
   */
  public static AlgorithmBuilder<SparsityAlgorithm> builder(String name, ConfigMap block) {
    return REGISTRY.get(name).builder(block);
  }
}
