package dev.filigree.zoo.config;

import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.schedule.OptimizerSchedules;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The block {@code schedulers}: learning rate and weight decay at each step. What it schedules not,
 * the optimizer's block gives.
 *
 * @param block as plain Java: a list of schedulers, or a number for a constant learning rate
 */
public record SchedulersConfig(Object block) {
  /** Checks the block where it stands; none schedules nothing. */
  static SchedulersConfig read(Optional<ConfigNode> node) {
    node.ifPresent(OptimizerSchedules::parse);
    return new SchedulersConfig(
        node.<Object>map(block -> Objects.requireNonNull(block.toJava())).orElse(List.of()));
  }

  /** New schedules: functions of the optimizer steps finished. */
  public OptimizerSchedules schedules() {
    return OptimizerSchedules.parse(ConfigReader.of(block, "schedulers"));
  }

  Object toConfig() {
    return block;
  }
}
