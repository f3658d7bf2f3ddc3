package dev.filigree.schedule;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigNode;
import java.util.Optional;

/**
 * The schedules of an optimizer's hyper-parameters; empty where the optimizer's own value stands.
 *
 * @param learningRate of all parameter groups; a {@link ScalePerParam} wants to be asked
 *     {@linkplain ScalePerParam#forGroup for each group}
 * @param weightDecay of the parameter groups that decay
 */
public record OptimizerSchedules(Optional<Schedule> learningRate, Optional<Schedule> weightDecay) {

  /** Reads a {@code schedulers} block: schedulers by name, at most one for each hyper-parameter. */
  public static OptimizerSchedules parse(ConfigNode node) {
    Optional<Schedule> learningRate = Optional.empty();
    Optional<Schedule> weightDecay = Optional.empty();
    ConfigList list = node.asList();
    for (ConfigNode item : list) {
      var parameter = SchedulerNames.parameter(item);
      Optional<Schedule> schedule = Optional.of(SchedulerNames.parse(item, parameter));
      boolean second =
          switch (parameter) {
            case LEARNING_RATE -> learningRate.isPresent();
            case WEIGHT_DECAY -> weightDecay.isPresent();
          };
      if (second) {
        throw item.error(
            "a second schedule of the "
                + parameter.words()
                + "; put them one after another in a SequentialLR or SequentialWD");
      }
      switch (parameter) {
        case LEARNING_RATE -> learningRate = schedule;
        case WEIGHT_DECAY -> weightDecay = schedule;
      }
    }
    return new OptimizerSchedules(learningRate, weightDecay);
  }
}
