package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.ParameterGroup;
import java.util.List;
import java.util.Map;

/**
 * The block {@code optimizer}: one optimizer by the Model Zoo's name, and its options.
 *
 * @param name such as AdamW
 * @param options of that optimizer, a record
 */
public record OptimizerConfig(String name, OptimizerOptions options) {
  static OptimizerConfig read(ConfigNode node) {
    var entry = Blocks.single(node, "optimizer");
    OptimizerKinds.Kind<?> kind = OptimizerKinds.named(entry.getKey(), entry.getValue());
    ConfigMap block = block(entry.getValue());
    if (!block.flag("correct_bias", true)) {
      throw block.require("correct_bias").error("false is not supported: remove the key");
    }
    OptimizerOptions options = Blocks.build(block, () -> OptionRecord.read(block, kind.defaults()));
    block.rejectUnknown();
    return new OptimizerConfig(OptimizerKinds.nameOf(entry.getKey()), options);
  }

  /** {@code AdamW:} without options is an empty block. */
  private static ConfigMap block(ConfigNode node) {
    return node instanceof ConfigScalar scalar && scalar.value() == null
        ? new ConfigMap(node.location(), Map.of())
        : node.asMap();
  }

  /** The optimizer of some groups of parameters. */
  public Optimizer create(List<ParameterGroup> groups) {
    return OptimizerKinds.named(name).create(groups, options);
  }

  /** Tensors of a parameter's shape that the optimizer keeps for each parameter, as a rule. */
  int stateTensors() {
    return OptimizerKinds.named(name).states();
  }

  Map<String, Object> toConfig() {
    return Map.of(name, OptionRecord.write((Record) options));
  }
}
