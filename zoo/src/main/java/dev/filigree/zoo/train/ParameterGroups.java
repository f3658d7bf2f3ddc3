package dev.filigree.zoo.train;

import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.schedule.OptimizerSchedules;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The parameters of a run in groups that share their hyper-parameters, and the schedules of these.
 */
final class ParameterGroups {
  /**
   * What the parameters of a group have in common. Norms and biases do not decay.
   *
   * @param tags that schedules name
   */
  private record Kind(boolean decays, double learningRateScale, Set<String> tags) {}

  private final OptimizerSchedules schedules;
  private final double learningRate;
  private final List<Kind> kinds = new ArrayList<>();
  private final List<ParameterGroup> groups = new ArrayList<>();

  ParameterGroups(RunConfig config, Map<String, Tensor> parameters) {
    schedules = config.schedulers().schedules();
    learningRate = config.optimizer().options().lr();
    var members = new LinkedHashMap<Kind, List<Tensor>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      Tensor parameter = parameters.get(spec.name());
      if (parameter == null) {
        throw new IllegalStateException("the network has no parameter " + spec.name());
      }
      var kind =
          new Kind(
              spec.shape().size() > 1, spec.learningRateScale(), config.optimizer().tags(spec));
      members.computeIfAbsent(kind, key -> new ArrayList<>()).add(parameter);
    }
    double decay = config.optimizer().options().weightDecay();
    members.forEach(
        (kind, tensors) -> {
          groups.add(new ParameterGroup(tensors, learningRate, kind.decays ? decay : 0));
          kinds.add(kind);
        });
  }

  List<ParameterGroup> groups() {
    return groups;
  }

  /**
   * Sets the hyper-parameters of an optimizer of these groups for the step that follows so many
   * finished ones.
   *
   * @return the learning rate of the parameters without tags
   */
  double schedule(Optimizer optimizer, long step) {
    for (int i = 0; i < kinds.size(); i++) {
      ParameterGroup group = optimizer.groups().get(i);
      Kind kind = kinds.get(i);
      group.learningRate(learningRate(kind.tags, step) * kind.learningRateScale);
      if (kind.decays) {
        schedules
            .weightDecay(kind.tags)
            .ifPresent(schedule -> group.weightDecay(schedule.at(step)));
      }
    }
    return learningRate(Set.of(), step);
  }

  private double learningRate(Set<String> tags, long step) {
    return schedules.learningRate(tags).map(schedule -> schedule.at(step)).orElse(learningRate);
  }
}
