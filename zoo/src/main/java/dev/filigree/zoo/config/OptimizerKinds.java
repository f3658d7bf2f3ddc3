package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.SGD;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** The optimizers that a configuration can name, each with its options in YAML. */
final class OptimizerKinds {
  private static final Map<String, Kind<?>> KINDS = new TreeMap<>();

  static {
    register(
        "AdamW",
        OptimizerKinds::readAdamW,
        OptimizerKinds::writeAdamW,
        options -> options.amsgrad() ? 3 : 2,
        AdamW::new);
    register(
        "SGD",
        OptimizerKinds::readSgd,
        OptimizerKinds::writeSgd,
        options -> options.momentum() == 0 ? 0 : 1,
        SGD::new);
  }

  private OptimizerKinds() {}

  /** Reads, writes and makes one optimizer. */
  record Kind<O extends OptimizerOptions>(
      Function<ConfigMap, O> reader,
      Function<O, Map<String, Object>> writer,
      ToIntFunction<O> states,
      BiFunction<List<ParameterGroup>, O, Optimizer> constructor) {
    O read(ConfigMap block) {
      return reader.apply(block);
    }

    @SuppressWarnings("unchecked") // options of this kind: its own reader made them
    Map<String, Object> write(OptimizerOptions options) {
      return writer.apply((O) options);
    }

    @SuppressWarnings("unchecked") // as above
    int countStates(OptimizerOptions options) {
      return states.applyAsInt((O) options);
    }

    @SuppressWarnings("unchecked") // as above
    Optimizer create(List<ParameterGroup> groups, OptimizerOptions options) {
      return constructor.apply(groups, (O) options);
    }
  }

  private static <O extends OptimizerOptions> void register(
      String name,
      Function<ConfigMap, O> reader,
      Function<O, Map<String, Object>> writer,
      ToIntFunction<O> states,
      BiFunction<List<ParameterGroup>, O, Optimizer> constructor) {
    KINDS.put(name, new Kind<>(reader, writer, states, constructor));
  }

  static Kind<?> named(String name, ConfigNode node) {
    if (!KINDS.containsKey(name)) {
      throw node.error("unknown optimizer; allowed: " + String.join(", ", KINDS.keySet()));
    }
    return named(name);
  }

  static Kind<?> named(String name) {
    Kind<?> kind = KINDS.get(name);
    if (kind == null) {
      throw new IllegalArgumentException("unknown optimizer " + name);
    }
    return kind;
  }

  /** The options of an optimizer; {@code AdamW:} without any is an empty block. */
  static ConfigMap block(ConfigNode node) {
    return node instanceof ConfigScalar scalar && scalar.value() == null
        ? new ConfigMap(node.location(), Map.of())
        : node.asMap();
  }

  private static AdamW.Options readAdamW(ConfigMap block) {
    AdamW.Options defaults = AdamW.options().betas(0.9, 0.95).weightDecay(0.1);
    double[] betas = betas(block, defaults.beta1(), defaults.beta2());
    requireBiasCorrection(block);
    return new AdamW.Options(
        learningRate(block, defaults.lr()),
        betas[0],
        betas[1],
        block.number("eps", defaults.eps()),
        block.number("weight_decay", defaults.weightDecay()),
        block.flag("amsgrad", false));
  }

  private static Map<String, Object> writeAdamW(AdamW.Options options) {
    var block = new LinkedHashMap<String, Object>();
    block.put("learning_rate", options.lr());
    block.put("betas", List.of(options.beta1(), options.beta2()));
    block.put("eps", options.eps());
    block.put("weight_decay", options.weightDecay());
    block.put("amsgrad", options.amsgrad());
    return block;
  }

  private static SGD.Options readSgd(ConfigMap block) {
    return new SGD.Options(
        learningRate(block, SGD.options().lr()),
        block.number("momentum", 0),
        block.number("dampening", 0),
        block.number("weight_decay", 0),
        block.flag("nesterov", false));
  }

  private static Map<String, Object> writeSgd(SGD.Options options) {
    var block = new LinkedHashMap<String, Object>();
    block.put("learning_rate", options.lr());
    block.put("momentum", options.momentum());
    block.put("dampening", options.dampening());
    block.put("weight_decay", options.weightDecay());
    block.put("nesterov", options.nesterov());
    return block;
  }

  private static double learningRate(ConfigMap block, double fallback) {
    return block.get("learning_rate", "lr").map(ConfigNode::asDouble).orElse(fallback);
  }

  private static double[] betas(ConfigMap block, double first, double second) {
    var node = block.get("betas");
    if (node.isEmpty()) {
      return new double[] {first, second};
    }
    List<ConfigNode> items = node.get().asList().items();
    if (items.size() != 2) {
      throw node.get().error("expected two numbers, found " + items.size());
    }
    return new double[] {items.get(0).asDouble(), items.get(1).asDouble()};
  }

  private static void requireBiasCorrection(ConfigMap block) {
    if (!block.flag("correct_bias", true)) {
      throw block.require("correct_bias").error("false is not supported: remove the key");
    }
  }
}
