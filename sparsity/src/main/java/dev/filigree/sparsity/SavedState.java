package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** What of a sparse optimizer belongs to a checkpoint, and how it goes on from one. */
final class SavedState {
  private final List<SparseGroup> groups;
  private final ExecutionChoice executions;
  private final Optimizer inner;
  private final long seed;

  SavedState(List<SparseGroup> groups, ExecutionChoice executions, Optimizer inner, long seed) {
    this.groups = groups;
    this.executions = executions;
    this.inner = inner;
    this.seed = seed;
  }

  private List<SparseParameter> parameters() {
    return groups.stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** See {@link SparseOptimizer#state}. */
  Map<String, Object> state(long steps, long skipped) {
    var state = new LinkedHashMap<String, Object>();
    state.put("step", steps);
    state.put("skipped", skipped);
    state.put("seed", seed);
    state.put("groups", groups.stream().map(SparseGroup::state).toList());
    return state;
  }

  /**
   * See {@link SparseOptimizer#load}.
   *
   * @return the step of the state
   */
  long load(Map<String, Object> state) {
    if (!(state.get("step") instanceof Number step)
        || !(state.get("seed") instanceof Number savedSeed)
        || !(state.get("groups") instanceof List<?> saved)
        || saved.size() != groups.size()) {
      throw new IllegalArgumentException(
          "not the state of " + groups.size() + " groups of sparse parameters: " + state.keySet());
    }
    if (savedSeed.longValue() != seed) {
      throw new IllegalArgumentException(
          "saved with seed " + savedSeed + ", configured with seed " + seed);
    }
    for (int i = 0; i < groups.size(); i++) {
      groups.get(i).load(saved.get(i));
    }
    new SavedExecutions(executions, inner).restore(groups, saved);
    return step.longValue();
  }

  /** See {@link SparseOptimizer#loadMasks}. */
  void loadMasks(Map<String, Tensor> masks) {
    requireNames(masks.keySet());
    parameters().forEach(parameter -> parameter.requireMask(of(masks, parameter)));
    parameters().forEach(parameter -> parameter.setMask(of(masks, parameter), inner));
  }

  /**
   * Replaces all masks, of which one is there at a time.
   *
   * @param names of the parameters that have masks
   * @param masks makes the mask of a sparse parameter
   */
  void loadMasks(Set<String> names, Function<SparseParameter, Tensor> masks) {
    requireNames(names);
    for (SparseParameter parameter : parameters()) {
      Tensors.inScope(
          () -> parameter.setMask(parameter.requireMask(masks.apply(parameter)), inner));
    }
  }

  private void requireNames(Set<String> names) {
    var expected = new ArrayList<>(parameters().stream().map(SparseParameter::name).toList());
    for (String name : names) {
      if (!expected.remove(name)) {
        throw new IllegalArgumentException(
            "there is a mask for '" + name + "', which the configuration does not make sparse");
      }
    }
    if (!expected.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no mask for '" + expected.getFirst() + "', which is configured to be sparse");
    }
  }

  private static Tensor of(Map<String, Tensor> masks, SparseParameter parameter) {
    return Objects.requireNonNull(masks.get(parameter.name()), parameter.name());
  }

  /**
   * What is gathered over several steps for the next updates, by parameter name: dense tensors;
   * empty for most algorithms at most steps.
   */
  Map<String, Tensor> evidence() {
    var evidence = new LinkedHashMap<String, Tensor>();
    for (SparseParameter parameter : parameters()) {
      parameter.evidence().state().ifPresent(state -> evidence.put(parameter.name(), state));
    }
    return evidence;
  }

  /**
   * Puts back what {@link #evidence} gave.
   *
   * @throws IllegalArgumentException for a name or shape of no sparse parameter
   */
  void loadEvidence(Map<String, Tensor> evidence) {
    var byName = new HashMap<String, SparseParameter>();
    parameters().forEach(parameter -> byName.put(parameter.name(), parameter));
    evidence.forEach(
        (name, tensor) -> {
          SparseParameter parameter = byName.get(name);
          if (parameter == null || !Arrays.equals(parameter.shape(), Tensors.shape(tensor))) {
            throw new IllegalArgumentException("evidence of no sparse parameter: '" + name + "'");
          }
        });
    evidence.forEach(
        (name, tensor) -> Objects.requireNonNull(byName.get(name)).evidence().load(tensor));
  }
}
