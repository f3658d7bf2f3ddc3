package dev.filigree.sparsity;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.Grouping;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.optim.Optimizer;
import dev.filigree.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parameters that follow one algorithm, and the sparsity that was last asked of each. */
final class SparseGroup {
  private static final Logger LOG = LoggerFactory.getLogger(SparseGroup.class);

  private final SparsityAlgorithm algorithm;
  private final List<SparseParameter> parameters;

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

  /** Checks that every shape can be shaped, then chooses the first masks. */
  void initialise(Optimizer optimizer, long seed) {
    AlgorithmSettings settings = algorithm.settings();
    for (SparseParameter parameter : parameters) {
      settings.shaper().group(parameter.name(), parameter.shape());
    }
    if (algorithm.startsDense()) {
      return;
    }
    spread(0);
    for (SparseParameter parameter : parameters) {
      Grouping grouping = settings.shaper().group(parameter.name(), parameter.shape());
      var request =
          new InitialMask.Request(
              parameter.name(),
              parameter.dense(),
              parameter.targetSparsity(),
              grouping,
              settings.ties().at(seed, parameter.name(), RandomScores.BEFORE_TRAINING),
              seed);
      Tensor mask = settings.initialMask().create(request);
      parameter.setMask(mask, optimizer);
      warnAboutCount(parameter, grouping.kept(parameter.targetSparsity()) * grouping.groups());
    }
  }

  /** Updates the masks of all parameters, if the schedule says so for this step. */
  void update(long step, long seed, Optimizer optimizer, List<SparsityListener> listeners) {
    if (!isUpdate(step)) {
      return;
    }
    spread(step);
    for (SparseParameter parameter : parameters) {
      double target = parameter.targetSparsity();
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
    List<Distribution.Parameter> spreadable =
        parameters.stream()
            .map(p -> Distribution.Parameter.of(p.name(), p.shape(), () -> p.dense().abs()))
            .toList();
    double[] spread =
        algorithm.settings().distribution().spread(algorithm.sparsity(step), spreadable);
    for (int i = 0; i < spread.length; i++) {
      parameters.get(i).targetSparsity(spread[i]);
    }
  }

  /** An initial mask need not have the sparsity asked for: that of a pruned model has its own. */
  private static void warnAboutCount(SparseParameter parameter, long expected) {
    if (parameter.kept() != expected) {
      LOG.warn(
          "{} keeps {} weights by its initial mask, where its sparsity asks for {}",
          parameter.name(),
          parameter.kept(),
          expected);
    }
    warnIfEmpty(parameter);
  }

  private static void warnIfEmpty(SparseParameter parameter) {
    if (parameter.kept() == 0) {
      LOG.warn("{} keeps no weight at all", parameter.name());
    }
  }

  /** What would become of parameters of these shapes, see {@link SparsityConfig#plan}. */
  static List<SparsityConfig.Planned> plan(
      String name, SparsityAlgorithm algorithm, Map<String, long[]> shapes, long lastStep) {
    AlgorithmSettings settings = algorithm.settings();
    double first = algorithm.startsDense() ? 0 : algorithm.sparsity(0);
    double last = algorithm.sparsity(lastUpdate(algorithm, lastStep));
    // Which weights are largest shows once they are there: a plan spreads evenly until then.
    Distribution distribution =
        settings.distribution().needsScores() ? Distribution.uniform() : settings.distribution();
    List<Distribution.Parameter> parameters =
        shapes.entrySet().stream()
            .map(entry -> Distribution.Parameter.of(entry.getKey(), entry.getValue()))
            .toList();
    double[] initially = distribution.spread(first, parameters);
    double[] atTheEnd = distribution.spread(last, parameters);
    return IntStream.range(0, initially.length)
        .mapToObj(
            i -> {
              Distribution.Parameter parameter = parameters.get(i);
              Grouping grouping = settings.shaper().group(parameter.name(), parameter.shape());
              return new SparsityConfig.Planned(
                  parameter.name(),
                  Arrays.stream(parameter.shape()).boxed().toList(),
                  name,
                  initially[i],
                  atTheEnd[i],
                  grouping.kept(initially[i]) * grouping.groups(),
                  grouping.kept(atTheEnd[i]) * grouping.groups());
            })
        .toList();
  }

  private static long lastUpdate(SparsityAlgorithm algorithm, long lastStep) {
    for (long step = lastStep; step > 0; step--) {
      if (algorithm.isUpdate(step)) {
        return step;
      }
    }
    return 0;
  }

  /** See {@link SparseOptimizer#verify}. */
  void verify() {
    for (SparseParameter parameter : parameters) {
      Tensor outside = parameter.mask().logical_not();
      long astray = Masks.count(outside.logical_and(parameter.dense().ne(new Scalar(0))));
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

  void load(Object state) {
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
