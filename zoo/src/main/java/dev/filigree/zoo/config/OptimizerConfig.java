package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.Optimizers;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.schedule.OptimizerSchedules;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The block {@code optimizer}: one optimizer by the Model Zoo's name, and its options.
 *
 * @param name such as AdamW
 * @param options of that optimizer, a record
 * @param tagged parameters that schedules can name
 */
public record OptimizerConfig(
    String name, OptimizerOptions options, List<TaggedParameters> tagged) {
  public OptimizerConfig {
    tagged = List.copyOf(tagged);
  }

  /** Without tags. */
  public OptimizerConfig(String name, OptimizerOptions options) {
    this(name, options, List.of());
  }

  static OptimizerConfig read(ConfigNode node) {
    var entry = Blocks.single(node, "optimizer");
    ConfigMap block = block(entry.getValue());
    Optimizers.Kind<?> kind = Blocks.build(block, () -> Optimizers.named(entry.getKey()));
    if (!block.flag("correct_bias", true)) {
      throw block.require("correct_bias").error("false is not supported: remove the key");
    }
    List<TaggedParameters> tagged = TaggedParameters.read(block);
    OptimizerOptions options = kind.read(block);
    block.rejectUnknown();
    return new OptimizerConfig(Optimizers.nameOf(entry.getKey()), options, tagged);
  }

  /** {@code AdamW:} without options is an empty block. */
  private static ConfigMap block(ConfigNode node) {
    return node instanceof ConfigScalar scalar && scalar.value() == null
        ? new ConfigMap(node.location(), Map.of())
        : node.asMap();
  }

  /** The optimizer of some groups of parameters. */
  public Optimizer create(List<ParameterGroup> groups) {
    return Optimizers.named(name).create(groups, options);
  }

  /** The tags of a parameter. */
  public Set<String> tags(ParameterSpec parameter) {
    return TaggedParameters.tags(tagged, parameter);
  }

  /**
   * Checks that all tags are of some use.
   *
   * @param place for the message
   * @throws ConfigException for patterns that match no parameter, a schedule of unknown tags, and
   *     two schedules of one parameter
   */
  void check(List<ParameterSpec> parameters, OptimizerSchedules schedules, ConfigNode place) {
    for (TaggedParameters each : tagged) {
      if (parameters.stream().noneMatch(each::matches)) {
        throw place.error("params: " + each.patterns() + " match no parameter");
      }
    }
    Set<String> known = tagged.stream().map(TaggedParameters::tag).collect(Collectors.toSet());
    for (String tag : schedules.tags()) {
      if (!known.contains(tag)) {
        throw place.error("a scheduler names the tag '" + tag + "', params has " + known);
      }
    }
    try {
      for (ParameterSpec parameter : parameters) {
        schedules.learningRate(tags(parameter));
        schedules.weightDecay(tags(parameter));
      }
    } catch (IllegalArgumentException e) {
      throw place.error(String.valueOf(e.getMessage()));
    }
  }

  /** Tensors of a parameter's shape that the optimizer keeps for each parameter, as a rule. */
  int stateTensors() {
    return Optimizers.named(name).states();
  }

  Map<String, Object> toConfig() {
    Map<String, Object> block = Optimizers.write(options);
    if (!tagged.isEmpty()) {
      block.put("params", tagged.stream().map(TaggedParameters::toConfig).toList());
    }
    return Map.of(name, block);
  }
}
