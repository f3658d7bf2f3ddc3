package dev.filigree.zoo.config;

import dev.filigree.config.ConfigNode;
import dev.filigree.optim.ASGD;
import dev.filigree.optim.Adadelta;
import dev.filigree.optim.Adafactor;
import dev.filigree.optim.Adagrad;
import dev.filigree.optim.Adam;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Adamax;
import dev.filigree.optim.LAMB;
import dev.filigree.optim.Lion;
import dev.filigree.optim.Muon;
import dev.filigree.optim.NAdam;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.RAdam;
import dev.filigree.optim.RMSprop;
import dev.filigree.optim.Rprop;
import dev.filigree.optim.SGD;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** The optimizers that a configuration can name. Another one is one line here. */
final class OptimizerKinds {
  /** The Model Zoo does not look at the case of a name. */
  private static final NavigableMap<String, Kind<?>> KINDS =
      new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

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

  private OptimizerKinds() {}

  /**
   * One optimizer.
   *
   * @param defaults a record: its components are the options that a configuration can set
   * @param states tensors of a parameter's shape that it keeps for each parameter, as a rule
   */
  record Kind<O extends Record & OptimizerOptions>(
      O defaults, BiFunction<List<ParameterGroup>, O, Optimizer> constructor, int states) {

    Optimizer create(List<ParameterGroup> groups, OptimizerOptions options) {
      @SuppressWarnings("unchecked") // the configuration made them from these defaults
      O own = (O) options;
      return constructor.apply(groups, own);
    }
  }

  private static <O extends Record & OptimizerOptions> void register(
      String name,
      O defaults,
      BiFunction<List<ParameterGroup>, O, Optimizer> constructor,
      int states) {
    KINDS.put(name, new Kind<>(defaults, constructor, states));
  }

  /** The name of an optimizer as it is written here, for one in any case. */
  static String nameOf(String name) {
    return Objects.requireNonNull(KINDS.floorKey(name));
  }

  /** Whether an optimizer goes on from the learning rate of its first step, by its own rule. */
  static boolean takesFirstRateOnly(String name) {
    return name.equalsIgnoreCase("Rprop");
  }

  /** The optimizer that a node names; an unknown name is an error there. */
  static Kind<?> named(String name, ConfigNode node) {
    Kind<?> kind = KINDS.get(name);
    if (kind == null) {
      throw node.error("unknown optimizer; allowed: " + String.join(", ", KINDS.keySet()));
    }
    return kind;
  }

  static Kind<?> named(String name) {
    Kind<?> kind = KINDS.get(name);
    if (kind == null) {
      throw new IllegalArgumentException(
          "unknown optimizer " + name + "; allowed: " + String.join(", ", KINDS.keySet()));
    }
    return kind;
  }
}
