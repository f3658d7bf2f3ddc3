package dev.filigree.optim;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The optimizers that a configuration can name. The options of one are a record, and its components
 * the keys: {@code weightDecay} is {@code weight_decay}. Two are called otherwise, as in the Model
 * Zoo: {@code lr} is {@code learning_rate} too, {@code beta1} and {@code beta2} are the list {@code
 * betas}.
 */
public final class Optimizers {
  private static final Registry<Kind<?>> KINDS = new Registry<>("optimizer");

  static {
    register("ASGD", ASGD.options(), ASGD::new, 1);
    register("Adadelta", Adadelta.options(), Adadelta::new, 2);
    register("Adafactor", Adafactor.options(), Adafactor::new, 0);
    register("Adagrad", Adagrad.options(), Adagrad::new, 1);
    register("Adam", Adam.options(), Adam::new, 2);
    register("AdamW", AdamW.options(), AdamW::new, 2);
    register("Adamax", Adamax.options(), Adamax::new, 2);
    register("Lamb", LAMB.options(), LAMB::new, 2);
    register("Lion", Lion.options(), Lion::new, 1);
    register("Muon", Muon.options(), Muon::new, 1);
    register("NAdam", NAdam.options(), NAdam::new, 2);
    register("RAdam", RAdam.options(), RAdam::new, 2);
    register("RMSprop", RMSprop.options(), RMSprop::new, 1);
    register("Rprop", Rprop.options(), Rprop::new, 2);
    register("SGD", SGD.options(), SGD::new, 1);
  }

  private Optimizers() {}

  /**
   * One optimizer.
   *
   * @param defaults a record: its components are the options that a configuration can set
   * @param states tensors of a parameter's shape that it keeps for each parameter, as a rule
   * @param <O> the options
   */
  public record Kind<O extends Record & OptimizerOptions>(
      O defaults, BiFunction<List<ParameterGroup>, O, Optimizer> constructor, int states) {
    /**
     * The options of a block of configuration; missing keys take their defaults.
     *
     * @throws dev.filigree.config.ConfigException for a value that the options do not allow
     */
    public O read(ConfigMap block) {
      return Records.read(block, defaults, key -> node(block, key));
    }

    /** An optimizer of some groups with options of this kind. */
    public Optimizer create(List<ParameterGroup> groups, OptimizerOptions options) {
      @SuppressWarnings("unchecked") // of the class of the defaults, or the cast fails here
      O own = (O) defaults.getClass().cast(options);
      return constructor.apply(groups, own);
    }
  }

  /**
   * Registers an optimizer for use in configuration.
   *
   * @param name of any case
   * @param defaults a record: its components are the options that a configuration can set
   * @param constructor of groups of parameters
   * @param states tensors of a parameter's shape that it keeps for each parameter, as a rule: what
   *     the estimate of the memory counts
   * @throws IllegalArgumentException when the name is taken
   */
  public static <O extends Record & OptimizerOptions> void register(
      String name,
      O defaults,
      BiFunction<List<ParameterGroup>, O, Optimizer> constructor,
      int states) {
    KINDS.register(name, new Kind<>(defaults, constructor, states));
  }

  /**
   * The optimizer of a name.
   *
   * @throws IllegalArgumentException for an unknown name, with those that are allowed
   */
  public static Kind<?> named(String name) {
    return KINDS.get(name);
  }

  /**
   * The name of an optimizer as it was registered, for one in any case.
   *
   * @throws IllegalArgumentException for an unknown name, with those that are allowed
   */
  public static String nameOf(String name) {
    return KINDS.nameOf(name);
  }

  /** The block of options, which {@link Kind#read} reads back. */
  public static Map<String, Object> write(OptimizerOptions options) {
    var block = new LinkedHashMap<String, Object>();
    Records.write((Record) options)
        .forEach((key, value) -> block.put(key.equals("lr") ? "learning_rate" : key, value));
    if (block.keySet().containsAll(List.of("beta1", "beta2"))) {
      Object first = block.remove("beta1");
      Object second = block.remove("beta2");
      block.put("betas", Arrays.asList(first, second));
    }
    return block;
  }

  private static Optional<ConfigNode> node(ConfigMap block, String key) {
    return switch (key) {
      case "lr" -> block.get("learning_rate", "lr");
      case "beta1" -> beta(block, key, 0);
      case "beta2" -> beta(block, key, 1);
      default -> block.get(key);
    };
  }

  private static Optional<ConfigNode> beta(ConfigMap block, String key, int index) {
    Optional<ConfigNode> betas = block.get("betas");
    if (betas.isEmpty()) {
      return block.get(key);
    }
    List<ConfigNode> items = betas.get().asList().items();
    if (items.size() != 2) {
      throw betas.get().error("expected two numbers, found " + items.size());
    }
    return Optional.of(items.get(index));
  }
}
