package dev.filigree.sparsity;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.Grouping;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.RandomScores;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
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

  SparseGroup(SparsityAlgorithm algorithm, List<SparseParameter> parameters) {
    this.algorithm = algorithm;
    this.parameters = new ArrayList<>(parameters);
  }

  SparsityAlgorithm algorithm() {
    return algorithm;
  }

  List<SparseParameter> parameters() {
    return Collections.unmodifiableList(parameters);
  }

  /** Stores and computes a parameter in another way from now on, with the mask it has. */
  void replace(SparseParameter old, SparseParameter made, Tensor mask, Optimizer optimizer) {
    made.asked(old.targetSparsity(), old.keptAsked());
    parameters.set(parameters.indexOf(old), made);
    made.setMask(mask, optimizer);
  }

  boolean isUpdate(long step) {
    return algorithm.isUpdate(step);
  }

  /**
   * The first masks, in the order of the parameters; none where they start dense.
   *
   * @param existing which weights exist already, by parameter name
   * @throws IllegalArgumentException when an initial mask is no mask of its parameter
   */
  List<Tensor> initialMasks(long seed, Map<String, Tensor> existing) {
    if (algorithm.startsDense()) {
      return List.of();
    }
    AlgorithmSettings settings = algorithm.settings();
    double[] targets = spread(0);
    var masks = new ArrayList<Tensor>();
    for (int i = 0; i < targets.length; i++) {
      SparseParameter parameter = parameters.get(i);
      var request =
          new InitialMask.Request(
              parameter.name(),
              parameter.dense(),
              targets[i],
              grouping(parameter),
              settings.ties().at(seed, parameter.name(), RandomScores.BEFORE_TRAINING),
              seed,
              placed(existing.get(parameter.name()), parameter));
      masks.add(
          Tensors.scoped(() -> parameter.requireMask(settings.initialMask().create(request))));
    }
    return masks;
  }

  private static @Nullable Tensor placed(@Nullable Tensor mask, SparseParameter parameter) {
    return mask == null
        ? null
        : parameter.requireMask(mask.to(parameter.weight().device(), torch.ScalarType.Bool));
  }

  /** Sets the first masks. */
  void initialise(List<Tensor> masks, Optimizer optimizer) {
    if (masks.isEmpty()) {
      return;
    }
    double[] targets = spread(0);
    for (int i = 0; i < targets.length; i++) {
      SparseParameter parameter = parameters.get(i);
      parameter.setMask(masks.get(i), optimizer);
      warnAboutCount(parameter, kept(grouping(parameter), targets[i]));
      // What the mask has: that of a pruned model need not be what was asked for.
      parameter.asked(targets[i], parameter.kept());
    }
  }

  /** Prepares for an update after the next step, if there is one that needs its gradient. */
  void await(long step, long seed) {
    boolean wanted = algorithm.growsByGradient() && isUpdate(step);
    double[] targets = wanted ? spread(step) : new double[0];
    for (int i = 0; i < parameters.size(); i++) {
      SparseParameter parameter = parameters.get(i);
      parameter.awaitUpdate(wanted ? algorithm.update(parameter, step, targets[i], seed) : null);
    }
  }

  /** Updates the masks of all parameters. */
  void update(long step, long seed, Optimizer optimizer, List<SparsityListener> listeners) {
    double[] targets = spread(step);
    for (int i = 0; i < targets.length; i++) {
      SparseParameter parameter = parameters.get(i);
      DropAndGrow plan = algorithm.update(parameter, step, targets[i], seed);
      if (plan == null || (algorithm.growsByGradient() && !parameter.canGrowByGradient())) {
        continue;
      }
      SparseParameter.Moved moved;
      try (var _ = new PointerScope()) { // replaced values and state go before the next parameter
        moved = parameter.update(plan, optimizer);
      }
      parameter.forgetGradient();
      Grouping grouping = plan.shaper().group(parameter.name(), parameter.shape());
      parameter.asked(plan.sparsity(), kept(grouping, plan.sparsity()));
      if (moved.dropped() > 0) {
        warnIfEmpty(parameter);
      }
      var update =
          new MaskUpdate(
              step,
              parameter.name(),
              moved.dropped(),
              moved.grown(),
              parameter.kept(),
              parameter.size(),
              plan.sparsity());
      listeners.forEach(listener -> listener.onMaskUpdate(parameter, update));
    }
  }

  /** What sparsity is asked of every parameter at a step. */
  private double[] spread(long step) {
    List<Distribution.Parameter> spreadable =
        parameters.stream()
            .map(p -> Distribution.Parameter.of(p.name(), p.shape(), () -> p.dense().abs()))
            .toList();
    return algorithm.settings().distribution().spread(algorithm.sparsity(step), spreadable);
  }

  private Grouping grouping(SparseParameter parameter) {
    return algorithm.settings().shaper().group(parameter.name(), parameter.shape());
  }

  /** How many weights a sparsity keeps; a candidate may stand for several. */
  private static long kept(Grouping grouping, double sparsity) {
    long size = Arrays.stream(grouping.shape()).reduce(1, Math::multiplyExact);
    long candidates = grouping.groups() * grouping.size();
    return candidates == 0 ? 0 : grouping.kept(sparsity) * grouping.groups() * (size / candidates);
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
                  kept(grouping, initially[i]),
                  kept(grouping, atTheEnd[i]));
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
      long astray = parameter.astray();
      if (astray > 0) {
        throw new IllegalStateException(
            parameter.name() + ": " + astray + " weights exist outside the mask");
      }
      long kept = parameter.counted();
      if (kept != parameter.keptAsked()) {
        throw new IllegalStateException(
            "%s: keeps %d of %d weights, its sparsity %s asks for %d"
                .formatted(
                    parameter.name(),
                    kept,
                    parameter.size(),
                    parameter.targetSparsity(),
                    parameter.keptAsked()));
      }
    }
  }

  /**
   * The schedules' state, and for each parameter what was last asked of it and how it is stored.
   */
  Map<String, Object> state() {
    var targets = new LinkedHashMap<String, Object>();
    var kept = new LinkedHashMap<String, Object>();
    var execution = new LinkedHashMap<String, Object>();
    for (SparseParameter parameter : parameters) {
      targets.put(parameter.name(), parameter.targetSparsity());
      kept.put(parameter.name(), parameter.keptAsked());
    }
    SavedExecutions.save(parameters, execution);
    var state = new LinkedHashMap<String, Object>();
    state.put("algorithm", algorithm.getClass().getSimpleName());
    state.put("sparsity", algorithm.settings().sparsity().state());
    state.put("drop_fraction", algorithm.settings().dropFraction().state());
    state.put("target_sparsity", targets);
    state.put("kept", kept);
    state.put("execution", execution);
    return state;
  }

  void load(Object state) {
    String here = algorithm.getClass().getSimpleName();
    if (state instanceof Map<?, ?> map
        && map.get("algorithm") instanceof String saved
        && !saved.equals(here)) {
      throw new IllegalArgumentException(
          "saved with the algorithm " + saved + ", configured with " + here);
    }
    Map<String, Object> targets = part(state, "target_sparsity");
    Map<String, Object> kept = part(state, "kept");
    for (SparseParameter parameter : parameters) {
      if (!(targets.get(parameter.name()) instanceof Number target)
          || !(kept.get(parameter.name()) instanceof Number weights)) {
        throw new IllegalArgumentException(
            "there is no mask for '" + parameter.name() + "': it was not sparse when it was saved");
      }
      parameter.asked(target.doubleValue(), weights.longValue());
    }
    algorithm.settings().sparsity().load(part(state, "sparsity"));
    algorithm.settings().dropFraction().load(part(state, "drop_fraction"));
  }

  @SuppressWarnings("unchecked") // checked to be a map; JSON has only texts for keys
  private static Map<String, Object> part(Object state, String key) {
    if (!(state instanceof Map<?, ?> map) || !(map.get(key) instanceof Map<?, ?> saved)) {
      throw new IllegalArgumentException("the state of a group has no '" + key + "': " + state);
    }
    return (Map<String, Object>) saved;
  }
}
