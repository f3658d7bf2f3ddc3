package dev.filigree.schedule;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The schedules of an optimizer's hyper-parameters. Where a parameter group has none, the
 * optimizer's own value stands.
 *
 * @param learningRates of the parameter groups
 * @param weightDecays of the parameter groups that decay
 */
public record OptimizerSchedules(List<Targeted> learningRates, List<Targeted> weightDecays) {
  private static final String TAGS = "param_group_tags";

  /** Schedules with copies of both lists. */
  public OptimizerSchedules {
    learningRates = List.copyOf(learningRates);
    weightDecays = List.copyOf(weightDecays);
  }

  /**
   * A schedule and whom it concerns.
   *
   * @param tags of the parameter groups, one of which is enough; empty for all groups
   */
  public record Targeted(Set<String> tags, Schedule schedule) {
    /** A schedule with a copy of the tags. */
    public Targeted {
      tags = Set.copyOf(tags);
    }

    private boolean concerns(Set<String> group) {
      return tags.isEmpty() || group.stream().anyMatch(tags::contains);
    }
  }

  /** The learning rate of groups without tags; empty for the optimizer's own. */
  public Optional<Schedule> learningRate() {
    return learningRate(Set.of());
  }

  /** The weight decay of groups without tags; empty for the optimizer's own. */
  public Optional<Schedule> weightDecay() {
    return weightDecay(Set.of());
  }

  /**
   * The learning rate of a parameter group; empty for the optimizer's own.
   *
   * @param tags of the group
   * @throws IllegalArgumentException when two schedules concern it
   */
  public Optional<Schedule> learningRate(Set<String> tags) {
    return only(learningRates, tags, ScheduledParameter.LEARNING_RATE);
  }

  /**
   * The weight decay of a parameter group; empty for the optimizer's own.
   *
   * @param tags of the group
   * @throws IllegalArgumentException when two schedules concern it
   */
  public Optional<Schedule> weightDecay(Set<String> tags) {
    return only(weightDecays, tags, ScheduledParameter.WEIGHT_DECAY);
  }

  private static Optional<Schedule> only(
      List<Targeted> schedules, Set<String> group, ScheduledParameter parameter) {
    List<Targeted> found = schedules.stream().filter(each -> each.concerns(group)).toList();
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          "two schedules of the " + parameter.words() + " concern the parameters tagged " + group);
    }
    return found.stream().map(Targeted::schedule).findFirst();
  }

  /** All tags that schedules name. */
  public Set<String> tags() {
    var tags = new LinkedHashSet<String>();
    learningRates.forEach(each -> tags.addAll(each.tags));
    weightDecays.forEach(each -> tags.addAll(each.tags));
    return tags;
  }

  /**
   * Reads a {@code schedulers} block: schedulers by name, for each hyper-parameter one, or several
   * for parameter groups with different tags.
   */
  public static OptimizerSchedules parse(ConfigNode node) {
    var learningRates = new ArrayList<Targeted>();
    var weightDecays = new ArrayList<Targeted>();
    for (ConfigNode item : node.asList()) {
      var parameter = SchedulerNames.parameter(item);
      Set<String> tags = tags(item);
      var schedule = new Targeted(tags, SchedulerNames.parse(item, parameter));
      List<Targeted> others =
          switch (parameter) {
            case LEARNING_RATE -> learningRates;
            case WEIGHT_DECAY -> weightDecays;
          };
      for (Targeted other : others) {
        if (other.concerns(tags) || tags.isEmpty()) {
          throw item.error(
              "a second schedule of the "
                  + parameter.words()
                  + (tags.isEmpty() && other.tags.isEmpty()
                      ? "; put them one after another in a SequentialLR or SequentialWD"
                      : "; each needs " + TAGS + " that no other one has"));
        }
      }
      others.add(schedule);
    }
    return new OptimizerSchedules(learningRates, weightDecays);
  }

  /** {@code {Name: {param_group_tags: [...]}}}: a list, or one tag. */
  private static Set<String> tags(ConfigNode item) {
    if (!(item instanceof ConfigMap map)
        || map.entries().size() != 1
        || !(map.entries().values().iterator().next() instanceof ConfigMap body)) {
      return Set.of();
    }
    var tags = new LinkedHashSet<String>();
    body.get(TAGS)
        .ifPresent(list -> list.asList().items().forEach(tag -> tags.add(tag.asString())));
    return tags;
  }
}
