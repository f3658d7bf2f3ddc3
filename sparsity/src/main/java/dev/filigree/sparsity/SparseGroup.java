package dev.filigree.sparsity;

import dev.filigree.mask.Counting;
import dev.filigree.optim.Optimizer;
import dev.filigree.schedule.Schedule;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parameters that follow one algorithm, and the sparsity that was last asked of each. */
final class SparseGroup {
  private static final Logger LOG = LoggerFactory.getLogger(SparseGroup.class);

  private final SparsityAlgorithm algorithm;
  private final List<SparseParameter> parameters;
  private final Map<SparseParameter, Double> targets = new HashMap<>();

  SparseGroup(SparsityAlgorithm algorithm, List<SparseParameter> parameters) {
    this.algorithm = algorithm;
    this.parameters = List.copyOf(parameters);
  }

  SparsityAlgorithm algorithm() {
    return algorithm;
  }

  List<SparseParameter> parameters() {
    return parameters;
  }

  boolean isUpdate(long step) {
    return algorithm.isUpdate(step);
  }

  @Nullable Double target(SparseParameter parameter) {
    return targets.get(parameter);
  }

  /** Checks that every shape can be shaped, then chooses the first masks. */
  void initialise(Optimizer optimizer, long seed) {
    AlgorithmSettings settings = algorithm.settings();
    for (SparseParameter parameter : parameters) {
      settings.shaper().group(parameter.name(), parameter.shape());
    }
    if (algorithm.startsDense()) {
      parameters.forEach(parameter -> targets.put(parameter, 0.0));
      return;
    }
    spread(0);
    for (SparseParameter parameter : parameters) {
      Tensor mask =
          settings
              .initialMask()
              .choose(
                  parameter.name(),
                  parameter.dense(),
                  targets.get(parameter),
                  settings.shaper(),
                  seed);
      parameter.setMask(mask, optimizer);
      if (settings.initialMask().keepsCount()) {
        warnIfEmpty(parameter);
      }
    }
  }

  /** Updates the masks of all parameters, if the schedule says so for this step. */
  void update(long step, long seed, Optimizer optimizer, List<SparsityListener> listeners) {
    if (!isUpdate(step)) {
      return;
    }
    spread(step);
    for (SparseParameter parameter : parameters) {
      double target = targets.get(parameter);
      DropAndGrow plan = algorithm.update(parameter, step, target, seed);
      if (plan == null || (algorithm.growsByGradient() && !parameter.hasDenseGradient())) {
        continue;
      }
      SparseParameter.Moved moved = parameter.update(plan, optimizer);
      warnIfEmpty(parameter);
      var update =
          new MaskUpdate(
              step,
              parameter.name(),
              moved.dropped(),
              moved.grown(),
              parameter.kept(),
              parameter.size(),
              target);
      listeners.forEach(listener -> listener.onMaskUpdate(parameter, update));
    }
    algorithm.settings().sparsity().advance();
    algorithm.settings().dropFraction().advance();
  }

  private void spread(long step) {
    var shapes = new LinkedHashMap<String, long[]>();
    parameters.forEach(parameter -> shapes.put(parameter.name(), parameter.shape()));
    Map<String, Double> spread =
        algorithm.settings().distribution().spread(algorithm.sparsity(step), shapes);
    parameters.forEach(parameter -> targets.put(parameter, spread.get(parameter.name())));
  }

  private static void warnIfEmpty(SparseParameter parameter) {
    if (parameter.kept() == 0) {
      LOG.warn("{} keeps no weight at all", parameter.name());
    }
  }

  /** See {@link SparseOptimizer#verify}. */
  void verify() {
    for (SparseParameter parameter : parameters) {
      long astray = torch.logical_and(parameter.dense().ne(ZERO), parameter.mask().logical_not()).sum().item_long();
      if (astray > 0) {
        throw new IllegalStateException(
            parameter.name() + ": " + astray + " weights exist outside the mask");
      }
    }
  }

  Map<String, Object> state() {
    AlgorithmSettings settings = algorithm.settings();
    return Map.of(
        "sparsity", settings.sparsity().state(), "drop_fraction", settings.dropFraction().state());
  }

  void load(Object state, long step) {
    load(algorithm.settings().sparsity(), state, "sparsity");
    load(algorithm.settings().dropFraction(), state, "drop_fraction");
  }

  @SuppressWarnings("unchecked")
  private static void load(Schedule schedule, Object state, String key) {
    if (!(state instanceof Map<?, ?> map) || !(map.get(key) instanceof Map<?, ?> saved)) {
      throw new IllegalArgumentException("the state of a group has no '" + key + "': " + state);
    }
    schedule.load((Map<String, Object>) saved);
  }
}
