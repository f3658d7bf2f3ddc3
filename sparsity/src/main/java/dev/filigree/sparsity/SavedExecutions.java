package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores parameters as they were stored when a run was saved, whatever this machine would choose
 * today: masked and compressed add in different orders, and a run goes on as it began.
 */
final class SavedExecutions {
  private static final Logger LOG = LoggerFactory.getLogger(SavedExecutions.class);

  private final ExecutionChoice executions;
  private final Optimizer optimizer;

  SavedExecutions(ExecutionChoice executions, Optimizer optimizer) {
    this.executions = executions;
    this.optimizer = optimizer;
  }

  /** What a group's state says about its parameters. */
  static void save(List<SparseParameter> parameters, Map<String, Object> execution) {
    parameters.forEach(p -> execution.put(p.name(), p.execution().name().toLowerCase(Locale.ROOT)));
  }

  /** Restores all groups, unless the options name an execution. */
  void restore(List<SparseGroup> groups, List<?> states) {
    if (!executions.isOpen()) {
      return;
    }
    for (int i = 0; i < groups.size(); i++) {
      SparseGroup group = groups.get(i);
      for (SparseParameter parameter : group.parameters()) {
        Optional<Execution> execution = saved(states.get(i), parameter.name());
        if (execution.isPresent() && execution.get() != parameter.execution()) {
          restore(group, parameter, execution.get());
        }
      }
    }
  }

  /** How the state of an optimizer says that a parameter was stored; empty where it does not. */
  static Optional<Execution> of(Map<String, Object> state, String name) {
    return state.get("groups") instanceof List<?> groups
        ? groups.stream().flatMap(group -> saved(group, name).stream()).findFirst()
        : Optional.empty();
  }

  private static Optional<Execution> saved(@Nullable Object group, String name) {
    if (!(group instanceof Map<?, ?> map)
        || !(map.get("execution") instanceof Map<?, ?> executions)
        || !(executions.get(name) instanceof String execution)) {
      return Optional.empty();
    }
    return switch (execution) {
      case "masked" -> Optional.of(Execution.MASKED);
      case "compressed" -> Optional.of(Execution.COMPRESSED);
      default ->
          throw new IllegalArgumentException(
              "'" + name + "' was saved as '" + execution + "'; masked or compressed is known");
    };
  }

  private void restore(SparseGroup group, SparseParameter parameter, Execution execution) {
    ExecutionPlan plan = executions.restore(parameter, group.algorithm(), execution);
    if (execution == Execution.COMPRESSED
        && plan instanceof ExecutionPlan.Masked(String obstacle)) {
      LOG.warn(
          "{} was compressed when it was saved and goes on masked: {}", parameter.name(), obstacle);
    } else {
      parameter.store(plan, optimizer);
    }
  }
}
