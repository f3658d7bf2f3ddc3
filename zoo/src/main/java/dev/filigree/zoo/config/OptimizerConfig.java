package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.ParameterGroup;
import java.util.List;
import java.util.Map;

/**
 * The block {@code optimizer}: one optimizer by the Model Zoo's name, and its options.
 *
 * @param name as {@link OptimizerKinds} has it
 * @param options of that kind
 */
public record OptimizerConfig(String name, OptimizerOptions options) {
  static OptimizerConfig read(ConfigNode node) {
    var entry = Blocks.single(node, "optimizer");
    OptimizerKinds.Kind<?> kind = OptimizerKinds.named(entry.getKey(), entry.getValue());
    ConfigMap block = OptimizerKinds.block(entry.getValue());
    OptimizerOptions options = Blocks.build(block, () -> kind.read(block));
    block.rejectUnknown();
    return new OptimizerConfig(entry.getKey(), options);
  }

  /** The optimizer of some groups of parameters. */
  public Optimizer create(List<ParameterGroup> groups) {
    return OptimizerKinds.named(name).create(groups, options);
  }

  /** State tensors of a parameter's shape that the optimizer keeps for each parameter. */
  int stateTensors() {
    return OptimizerKinds.named(name).countStates(options);
  }

  Map<String, Object> toConfig() {
    return Map.of(name, OptimizerKinds.named(name).write(options));
  }
}
