package dev.filigree.sparsity;

import dev.filigree.mask.CalibratedMask;
import dev.filigree.mask.Candidates;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.RandomScores;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.Parametrization;
import dev.filigree.sparsity.algorithm.RateFactor;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parameters that follow one algorithm. */
final class SparseGroup {
  private static final Logger LOG = LoggerFactory.getLogger(SparseGroup.class);

  private final SparsityAlgorithm algorithm;
  private final List<SparseParameter> parameters;
  private final boolean sumsMicroBatches;
  private boolean awaitsMasks; // until the network was calibrated
  private final SparsityTargets targets;

  SparseGroup(
      SparsityAlgorithm algorithm, List<SparseParameter> parameters, boolean sumsMicroBatches) {
    this.algorithm = algorithm;
    this.parameters = List.copyOf(parameters);
    this.sumsMicroBatches = sumsMicroBatches;
    targets = new SparsityTargets(algorithm, this.parameters);
    awaitsMasks =
        !algorithm.startsDense() && algorithm.settings().initialMask() instanceof CalibratedMask;
  }

  /** Whether its first masks are still to be chosen by passes through the network. */
  boolean awaitsMasks() {
    return awaitsMasks;
  }

  /** Masks came from elsewhere. */
  void awaitNoMasks() {
    awaitsMasks = false;
  }

  SparsityAlgorithm algorithm() {
    return algorithm;
  }

  List<SparseParameter> parameters() {
    return parameters;
  }

  SparsityTargets targets() {
    return targets;
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
  List<Tensor> initialMasks(long seed, Map<String, Tensor> existing, Optimizer optimizer) {
    var masks = new ArrayList<Tensor>();
    if (algorithm.startsDense()) {
      return masks;
    }
    if (awaitsMasks) {
      requireNone(existing);
      return masks;
    }
    double[] sparsities = targets.at(0, seed, optimizer);
    for (int i = 0; i < sparsities.length; i++) {
      SparseParameter parameter = parameters.get(i);
      double target = sparsities[i];
      masks.add(Tensors.scoped(() -> initialMask(parameter, target, seed, existing)));
    }
    return masks;
  }

  private Tensor initialMask(
      SparseParameter parameter, double target, long seed, Map<String, Tensor> existing) {
    AlgorithmSettings settings = algorithm.settings();
    String name = parameter.name();
    var request =
        new InitialMask.Request(
            name,
            parameter.dense(),
            target,
            targets.grouping(parameter),
            settings.ties().at(seed, name, RandomScores.BEFORE_TRAINING),
            seed,
            placed(existing.get(name), parameter));
    return parameter.requireMask(settings.initialMask().create(request));
  }

  private static @Nullable Tensor placed(@Nullable Tensor mask, SparseParameter parameter) {
    return mask == null
        ? null
        : parameter.requireMask(mask.to(parameter.weight().device(), torch.ScalarType.Bool));
  }

  private void requireNone(Map<String, Tensor> existing) {
    if (parameters.stream().anyMatch(parameter -> existing.containsKey(parameter.name()))) {
      throw new IllegalArgumentException(
          "%s chooses among all weights, and the network has masks already; init_method from_zeros,"
                  .formatted(algorithm.settings().initialMask())
              + " topk or random keep to them");
    }
  }

  /**
   * Chooses the first masks by passes through the network.
   *
   * @throws IllegalStateException for a score that is not finite; no mask has changed then
   */
  void chooseMasks(
      CalibrationPasses passes, GradientExchange exchange, long seed, SparseOptimizer optimizer) {
    if (!(algorithm.settings().initialMask() instanceof CalibratedMask mask)) {
      throw new IllegalStateException("the first masks were chosen already");
    }
    var calibration = new NetworkCalibration(this, optimizer, passes, exchange, seed);
    List<Tensor> scores = mask.scores(calibration);
    calibration.requireFinite(scores);
    double sparsity = algorithm.sparsity(0);
    double[] sparsities = calibration.targets(scores, sparsity);
    List<Tensor> masks = calibration.best(scores, sparsity);
    for (int i = 0; i < sparsities.length; i++) {
      SparseParameter parameter = parameters.get(i);
      Tensor first = masks.get(i);
      Tensors.inScope(() -> parameter.setMask(first, optimizer.inner()));
      parameter.setTarget(sparsities[i], parameter.kept());
      warnIfEmpty(parameter);
    }
    awaitsMasks = false;
  }

  /** Sets the first masks. */
  void initialise(List<Tensor> masks, long seed, Optimizer optimizer) {
    if (masks.isEmpty()) {
      return;
    }
    double[] sparsities = targets.at(0, seed, optimizer);
    for (int i = 0; i < sparsities.length; i++) {
      initialise(parameters.get(i), masks.get(i), sparsities[i], optimizer);
    }
  }

  private void initialise(
      SparseParameter parameter, Tensor mask, double target, Optimizer optimizer) {
    parameter.setMask(mask, optimizer);
    warnAboutCount(parameter, UpdateRule.kept(targets.grouping(parameter), target));
    // What the mask has: that of a pruned model need not be what the sparsity says.
    parameter.setTarget(target, parameter.kept());
  }

  /**
   * Gives parameters that have only shapes their values and the first masks, one after the other:
   * there is one dense weight at a time. Where masks depend on the weights of other parameters, or
   * come later, all values come first.
   *
   * @param values gives a parameter its values, by name
   */
  void fill(Consumer<String> values, long seed, Map<String, Tensor> existing, Optimizer optimizer) {
    if (awaitsMasks
        || algorithm.startsDense()
        || algorithm.settings().distribution().needsScores()) {
      parameters.forEach(parameter -> fill(parameter, values));
      initialise(initialMasks(seed, existing, optimizer), seed, optimizer);
      return;
    }
    double[] sparsities = targets.at(0, seed, optimizer);
    for (int i = 0; i < sparsities.length; i++) {
      SparseParameter parameter = parameters.get(i);
      double target = sparsities[i];
      Tensors.inScope(
          () -> {
            fill(parameter, values);
            Tensor mask = initialMask(parameter, target, seed, existing);
            initialise(parameter, mask, target, optimizer);
          });
    }
  }

  private static void fill(SparseParameter parameter, Consumer<String> values) {
    values.accept(parameter.name());
    parameter.warnIfZero();
  }

  /**
   * Tells the optimizer what weights of sparse parameters have of their own.
   *
   * @throws IllegalArgumentException where it cannot do that, or a parameter stores all weights
   */
  void countAges(Optimizer optimizer) {
    Parametrization.Regrown regrown = algorithm.settings().parametrization().regrown();
    if (regrown == null) {
      return;
    }
    for (SparseParameter parameter : parameters) {
      if (parameter.storesAll()) {
        throw new IllegalArgumentException(
            "regrown: no weight of '%s' grows, its algorithm stores and trains all of them"
                .formatted(parameter.name()));
      }
      optimizer.countAges(parameter.weight(), regrown.warmup());
    }
  }

  /** Gives each parameter the learning rate of the density that it has. */
  void setLearningRates(Optimizer optimizer) {
    RateFactor rate = algorithm.settings().parametrization().learningRate();
    if (!rate.equals(RateFactor.none())) {
      for (SparseParameter parameter : parameters) {
        optimizer.learningRateFactor(parameter.weight(), rate.at(1 - parameter.sparsity()));
      }
    }
  }

  /** Scales initial weights, where that is wanted, by the density of the masks that they have. */
  void scaleInitialWeights() {
    if (algorithm.settings().parametrization().initialWeightsByDensity()) {
      for (SparseParameter parameter : parameters) {
        double density = 1 - parameter.sparsity();
        if (density > 0 && density < 1) {
          parameter.weight().detach().mul_(new Scalar(1 / Math.sqrt(density)));
        }
      }
    }
  }

  /** Prepares to gather the gradients of the next step, if an update will need them. */
  void await(long step, long seed, Optimizer optimizer) {
    boolean isUpdate = isUpdate(step);
    boolean wanted = isUpdate || algorithm.evidence().gathersIn(step, algorithm::isUpdate);
    // Counts must be known before the gradient comes, and one gradient must be all of it.
    boolean early =
        isUpdate
            && !sumsMicroBatches
            && algorithm.evidence().equals(Evidence.gradient())
            && algorithm.maskChoice().isEmpty()
            && !targets.dependOnValues();
    List<UpdateRule> rules = early ? targets.rules(step, seed, optimizer) : List.of();
    for (int i = 0; i < parameters.size(); i++) {
      SparseParameter parameter = parameters.get(i);
      Function<Tensor, Candidates> asItArrives = null;
      if (early && parameter.storesKeptOnly()) {
        UpdateRule rule = rules.get(i);
        asItArrives =
            gradient -> {
              var view = new ParameterView(parameter, optimizer, step, seed).ofGradient(gradient);
              Tensor scores = parameter.requireScores("grow", algorithm.growScore(view));
              return rule.candidates(scores, parameter.mask());
            };
      }
      parameter.await(wanted, asItArrives);
    }
  }

  /** An initial mask need not have the scheduled sparsity: that of a pruned model has its own. */
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
      SparsityCourse course, AlgorithmSettings settings, Map<String, long[]> shapes) {
    double[] initially = spread(settings, shapes, course.initial());
    double[] atTheEnd = spread(settings, shapes, course.reached());
    List<Map.Entry<String, long[]>> parameters = List.copyOf(shapes.entrySet());
    return IntStream.range(0, initially.length)
        .mapToObj(
            i -> {
              String name = parameters.get(i).getKey();
              long[] shape = parameters.get(i).getValue();
              SelectionGroups grouping = settings.shaper().group(name, shape);
              return new SparsityConfig.Planned(
                  name,
                  Arrays.stream(shape).boxed().toList(),
                  course.algorithm(),
                  initially[i],
                  atTheEnd[i],
                  UpdateRule.kept(grouping, initially[i]),
                  UpdateRule.kept(grouping, atTheEnd[i]),
                  settings.parametrization().regrown() != null);
            })
        .toList();
  }

  /** The sparsity of each parameter as far as it is known without weights. */
  static double[] spread(AlgorithmSettings settings, Map<String, long[]> shapes, double sparsity) {
    // Which weights are largest shows once they are there: a plan spreads evenly until then.
    Distribution distribution =
        settings.distribution().needsScores() ? Distribution.uniform() : settings.distribution();
    return distribution.spread(
        sparsity,
        shapes.entrySet().stream()
            .map(entry -> Distribution.Parameter.of(entry.getKey(), entry.getValue()))
            .toList());
  }

  /**
   * The schedules' state, and for each parameter what its mask was chosen for and how it is stored.
   */
  Map<String, Object> state() {
    var sparsities = new LinkedHashMap<String, Object>();
    var kept = new LinkedHashMap<String, Object>();
    var execution = new LinkedHashMap<String, Object>();
    for (SparseParameter parameter : parameters) {
      sparsities.put(parameter.name(), parameter.targetSparsity());
      kept.put(parameter.name(), parameter.targetKept());
    }
    SavedExecutions.save(parameters, execution);
    var gathered = new LinkedHashMap<String, Object>();
    parameters.forEach(p -> gathered.put(p.name(), p.evidence().steps()));
    var state = new LinkedHashMap<String, Object>();
    state.put("algorithm", algorithm.getClass().getSimpleName());
    state.put("sparsity", algorithm.settings().sparsity().state());
    state.put("drop_fraction", algorithm.settings().dropFraction().state());
    state.put("target_sparsity", sparsities);
    state.put("kept", kept);
    state.put("execution", execution);
    state.put("gathered_steps", gathered);
    state.put("redistribution", targets.state());
    return state;
  }

  void load(Object state) {
    Map<String, Object> sparsities = part(state, "target_sparsity");
    Map<String, Object> kept = part(state, "kept");
    for (SparseParameter parameter : parameters) {
      if (!(sparsities.get(parameter.name()) instanceof Number target)
          || !(kept.get(parameter.name()) instanceof Number weights)) {
        throw new IllegalArgumentException(
            "there is no mask for '" + parameter.name() + "': it was not sparse when it was saved");
      }
      parameter.setTarget(target.doubleValue(), weights.longValue());
      parameter.evidence().reset(gatheredSteps(state, parameter.name()));
    }
    algorithm.settings().sparsity().load(part(state, "sparsity"));
    algorithm.settings().dropFraction().load(part(state, "drop_fraction"));
    if (hasPart(state, "redistribution")) { // written since algorithms remember something
      targets.load(part(state, "redistribution"));
    }
  }

  private static long gatheredSteps(Object state, String name) {
    return state instanceof Map<?, ?> map
            && map.get("gathered_steps") instanceof Map<?, ?> gathered
            && gathered.get(name) instanceof Number steps
        ? steps.longValue()
        : 0;
  }

  private static boolean hasPart(Object state, String key) {
    return state instanceof Map<?, ?> map && map.get(key) instanceof Map<?, ?>;
  }

  @SuppressWarnings("unchecked") // checked to be a map; JSON has only texts for keys
  private static Map<String, Object> part(Object state, String key) {
    if (!(state instanceof Map<?, ?> map) || !(map.get(key) instanceof Map<?, ?> saved)) {
      throw new IllegalArgumentException("the state of a group has no '" + key + "': " + state);
    }
    return (Map<String, Object>) saved;
  }
}
