package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Records;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.Optimizers;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.schedule.Constant;
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
  /** The list is copied. */
  public OptimizerConfig {
    tagged = List.copyOf(tagged);
  }

  /** Without tags. */
  public OptimizerConfig(String name, OptimizerOptions options) {
    this(name, options, List.of());
  }

  static OptimizerConfig read(ConfigNode node) {
    var entry = ConfigBlocks.single(node, "optimizer");
    ConfigMap block = block(entry.getValue());
    Optimizers.Kind<?> kind = block.build(() -> Optimizers.named(entry.getKey()));
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

  /**
   * Checks that the rates given here have an effect: a schedule of every parameter takes their
   * place, unless it is a constant and the same.
   *
   * @param block the optimizer's block
   * @param resolved whether a run wrote the file, which may name rates without effect
   * @throws ConfigException for a learning rate or weight decay that no parameter would have, and
   *     for schedules of an optimizer that uses the first learning rate only
   */
  void checkRates(
      List<ParameterSpec> parameters,
      OptimizerSchedules schedules,
      ConfigNode block,
      boolean resolved) {
    if (takesFirstRateOnly(name)
        && schedules.learningRates().stream()
            .anyMatch(each -> !(each.schedule() instanceof Constant))) {
      throw block.error(
          name + " takes the learning rate of the first step only: give lr, and no schedulers");
    }
    if (!(ConfigBlocks.single(block, "optimizer").getValue() instanceof ConfigMap options)) {
      return;
    }
    if (isScheduled(parameters, schedules)) {
      options
          .get("learning_rate", "lr")
          .filter(node -> !says(schedules.learningRates(), node))
          .ifPresent(node -> refuse(node, "learning rate", resolved));
    }
    if (decayIsScheduled(parameters, schedules)) {
      options
          .get("weight_decay")
          .filter(node -> !says(schedules.weightDecays(), node))
          .ifPresent(node -> refuse(node, "weight decay", resolved));
    }
  }

  /** Whether schedules are a constant, the same as given here: files of the Model Zoo say both. */
  private static boolean says(List<OptimizerSchedules.Targeted> schedules, ConfigNode rate) {
    return schedules.stream()
        .allMatch(each -> each.schedule().equals(new Constant(rate.asDouble())));
  }

  private static void refuse(ConfigNode rate, String what, boolean resolved) {
    if (!resolved || rate.location().source().equals(Overrides.SOURCE)) {
      throw rate.error(
          "would have no effect: schedulers set the "
              + what
              + " of every parameter; give it in one place");
    }
  }

  private boolean isScheduled(List<ParameterSpec> parameters, OptimizerSchedules schedules) {
    return parameters.stream().allMatch(each -> schedules.learningRate(tags(each)).isPresent());
  }

  /** Whether all that decays, which norms and biases do not, has a schedule for it. */
  private boolean decayIsScheduled(List<ParameterSpec> parameters, OptimizerSchedules schedules) {
    return parameters.stream()
        .filter(each -> each.shape().size() > 1)
        .allMatch(each -> schedules.weightDecay(tags(each)).isPresent());
  }

  /** Whether an optimizer goes on from the learning rate of its first step, by its own rule. */
  static boolean takesFirstRateOnly(String name) {
    return name.equalsIgnoreCase("Rprop");
  }

  /** Tensors of a parameter's shape that the optimizer keeps for each parameter, as a rule. */
  int stateTensors() {
    return Optimizers.named(name).states();
  }

  /** The block, without the rates that schedules take the place of. */
  Map<String, Object> toConfig(List<ParameterSpec> parameters, OptimizerSchedules schedules) {
    Map<String, Object> block = Optimizers.write(options);
    if (isScheduled(parameters, schedules)) {
      block.remove("learning_rate");
    }
    if (decayIsScheduled(parameters, schedules)) {
      block.remove("weight_decay");
    }
    if (!tagged.isEmpty()) {
      block.put("params", tagged.stream().map(Records::write).toList());
    }
    return Map.of(name, block);
  }
}
