package dev.filigree.zoo.config;

import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.schedule.OptimizerSchedules;
import java.util.Objects;

/**
 * The block {@code schedulers}: learning rate and weight decay at each step.
 *
 * @param block as plain Java: a list of schedulers, or a number for a constant learning rate
 */
public record SchedulersConfig(Object block) {
  /** Checks the block where it stands. */
  static SchedulersConfig read(ConfigNode node) {
    OptimizerSchedules.parse(node);
    return new SchedulersConfig(Objects.requireNonNull(node.toJava()));
  }

  /** New schedules: functions of the optimizer steps finished. */
  public OptimizerSchedules schedules() {
    return OptimizerSchedules.parse(ConfigReader.of(block, "schedulers"));
  }

  Object toConfig() {
    return block;
  }
}
