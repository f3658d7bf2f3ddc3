package dev.filigree.sparsity;

import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.GradientPreparation;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.ParameterLayout;
import dev.filigree.schedule.Schedule;
import dev.filigree.sparsity.storage.Storage;
import dev.filigree.sparsity.storage.ZeroingAtOnce;
import dev.filigree.torch.GradientHook;
import dev.filigree.torch.NativeMemory;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An optimizer that keeps parameters sparse: a drop-in replacement for the one it wraps.
 *
 * <p>One {@link #step}: the inner step; weights and, where needed, state outside the masks become
 * zero; the step count rises; where the update schedule says so, masks are updated. Gradients
 * outside the masks are zeroed as the backward pass delivers them, so that clipping and finite
 * checks see what the optimizer will see. Masked ones on a GPU are zeroed together, before they are
 * first read by {@link GradientClipping}, a {@link dev.filigree.optim.GradScaler} or the step: a
 * loop that reads them in another way calls {@link GradientPreparation#run} first. A step skipped
 * because the loss scale overflowed is one for which {@code step} is not called: nothing changes.
 *
 * <p>Steps go through this object, not through the optimizer it wraps: the next call says so where
 * that happened, and {@link #verify} fails.
 */
public final class SparseOptimizer implements Optimizer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SparseOptimizer.class);

  private final Optimizer inner;
  private final InnerSteps innerSteps;
  private final List<SparseGroup> sparseGroups;
  private final ExecutionChoice executions;
  private final long seed;
  private final SavedState saved;
  private final boolean skipNonFinite;
  private final boolean trained;
  private final GradientExchange exchange;
  private final ZeroingAtOnce zeroing = new ZeroingAtOnce();
  private final GradientPreparation.Action preparation = new Preparation();
  private final List<SparsityListener> listeners = new ArrayList<>();
  private long steps;
  private long skipped;
  private boolean closed;

  SparseOptimizer(
      Optimizer inner,
      List<SparseGroup> sparseGroups,
      ExecutionChoice executions,
      SparsityOptions options) {
    this.inner = inner;
    innerSteps = new InnerSteps(inner);
    this.sparseGroups = List.copyOf(sparseGroups);
    this.executions = executions;
    seed = options.seed();
    saved = new SavedState(this.sparseGroups, executions, inner, seed);
    skipNonFinite = options.skipNonFinite();
    trained = options.trained();
    exchange = options.exchange();
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      parameters()
          .forEach(
              parameter ->
                  parameter
                      .trainedForwardTensors()
                      .values()
                      .forEach(tensor -> inner.add(tensor, parameter.weight())));
      this.sparseGroups.forEach(group -> group.countAges(inner));
      options.values().ifPresentOrElse(values -> fill(values, options), () -> mask(options));
      if (!options.trained()) {
        this.sparseGroups.forEach(SparseGroup::scaleInitialWeights);
      }
      this.sparseGroups.forEach(
          group -> group.setLearningRates(inner)); // refused before the first step
    }
    giveBackMemory();
    awaitGradients();
    GradientPreparation.add(preparation);
  }

  /** All masks first: where one cannot be made, no weight was touched. */
  private void mask(SparsityOptions options) {
    List<List<Tensor>> masks =
        sparseGroups.stream()
            .map(group -> group.initialMasks(seed, options.existing(), inner))
            .toList();
    for (int i = 0; i < masks.size(); i++) {
      sparseGroups.get(i).initialise(masks.get(i), seed, inner);
    }
  }

  private void fill(Consumer<String> values, SparsityOptions options) {
    sparseGroups.forEach(group -> group.fill(values, seed, options.existing(), inner));
  }

  @Override
  public void step() {
    if (closed) {
      throw new IllegalStateException("the sparse optimizer is closed");
    }
    if (awaitsInitialMasks()) {
      throw new IllegalStateException(
          "the first masks are chosen by calibration batches: call chooseInitialMasks before the"
              + " first step");
    }
    if (skipNonFinite && !gradientsAreFinite()) {
      if (skipped++ == 0) {
        LOG.warn("a gradient is infinite or NaN after step {}: the step is left out", steps);
      }
      forgetStep();
      return;
    }
    parameters().forEach(parameter -> parameter.evidence().requireUsable());
    GradientHook.forgetReturned();
    sparseGroups.forEach(group -> group.setLearningRates(inner));
    boolean stateToo = !inner.keepsZeros();
    makeInnerStep(stateToo);
    steps++;
    try {
      for (SparseParameter parameter : parameters()) {
        parameter.enforce(inner, stateToo);
        parameter.evidence().finishStep();
      }
      Tensors.inScope(this::updateMasks);
      if (sparseGroups.stream().anyMatch(group -> group.isUpdate(steps))) {
        giveBackMemory();
      }
    } finally { // a score may throw: what comes next does not depend on what was gathered
      forgetStep();
      awaitGradients();
    }
  }

  private List<Storage> storages() {
    return parameters().stream().map(SparseParameter::storage).toList();
  }

  /**
   * The step of the optimizer inside, and zeros in masked weights on a GPU. Where it keeps zeros
   * and the weights have not changed since the last step, they are there.
   */
  private void makeInnerStep(boolean losesZeros) {
    List<Storage> storages = storages();
    var untouched = new boolean[1];
    Tensors.inScope(
        () -> {
          zeroing.changedGradients(storages);
          untouched[0] = zeroing.weightsAreUntouched(storages);
        });
    innerSteps.make();
    Tensors.inScope(
        () -> {
          if (losesZeros || !untouched[0]) {
            zeroing.weights(storages);
          }
          zeroing.rememberWeights(storages);
        });
  }

  /** Zeroes the gradients of masked weights on a GPU, before they are read. */
  private final class Preparation implements GradientPreparation.Action {
    @Override
    public void prepare() {
      Tensors.inScope(() -> zeroing.gradients(storages()));
    }

    @Override
    public void zerosWereKept() {
      Tensors.inScope(() -> zeroing.rememberGradients(storages()));
    }
  }

  private void forgetStep() {
    parameters().forEach(parameter -> parameter.evidence().forgetStep());
  }

  private boolean gradientsAreFinite() {
    return GradientClipping.allFinite(
        groups().stream().flatMap(group -> group.parameters().stream()).toList());
  }

  /** Compressed layers were made of dense ones, or again with other sizes. */
  private void giveBackMemory() {
    if (parameters().stream().anyMatch(p -> p.execution() == Execution.COMPRESSED)) {
      NativeMemory.giveBack();
    }
  }

  private void updateMasks() {
    // By identity: a schedule that two groups share moves on once.
    Set<Schedule> read = Collections.newSetFromMap(new IdentityHashMap<>());
    for (SparseGroup group : sparseGroups) {
      if (group.isUpdate(steps)) {
        new MaskUpdater(group, seed, inner, false).update(steps, listeners);
        read.add(group.algorithm().settings().sparsity());
        read.add(group.algorithm().settings().dropFraction());
      }
    }
    read.forEach(Schedule::advance);
  }

  /**
   * Chooses the masks of all parameters by calibration batches, on which no optimizer step is made:
   * pruning of a trained network, or before training. Evidence is the mean over the batches, and
   * every score sees all of it, gradients too. Gradients are forgotten afterwards.
   *
   * @param batches how many, at least 1
   * @param pass a forward pass over the next batch, and a backward pass where the evidence is a
   *     gradient; it leaves gradients to add up
   */
  public void calibrate(int batches, Runnable pass) {
    if (batches < 1) {
      throw new IllegalArgumentException("calibration takes at least 1 batch, found " + batches);
    }
    zeroGrad();
    forgetStep();
    parameters().forEach(parameter -> parameter.await(true, null));
    try {
      for (int i = 0; i < batches; i++) {
        pass.run();
      }
      parameters().forEach(parameter -> parameter.evidence().finishCalibration(batches));
      Tensors.inScope(
          () ->
              sparseGroups.forEach(
                  group -> new MaskUpdater(group, seed, inner, true).update(steps, listeners)));
    } finally {
      zeroGrad();
      forgetStep();
      awaitGradients();
    }
    giveBackMemory();
  }

  /** Whether {@link #chooseInitialMasks} must be called before the first step. */
  public boolean awaitsInitialMasks() {
    return sparseGroups.stream().anyMatch(SparseGroup::awaitsMasks);
  }

  /**
   * Chooses the first masks of algorithms whose initial mask needs passes through the network
   * ({@link dev.filigree.mask.CalibratedMask}), before the first step; nothing for others. Weights
   * and gradients are afterwards what they were, apart from those outside the masks. Listeners are
   * not called.
   *
   * @throws IllegalStateException when no gradient reaches a sparse parameter, or a score is not
   *     finite
   */
  public void chooseInitialMasks(CalibrationPasses passes) {
    for (SparseGroup group : sparseGroups) {
      if (group.awaitsMasks()) {
        try (var _ = new PointerScope()) {
          group.chooseMasks(passes, exchange, seed, this);
        }
        if (!trained) {
          Tensors.inScope(group::scaleInitialWeights);
        }
      }
    }
    giveBackMemory();
    awaitGradients();
  }

  /** Evidence is gathered only in the steps before an update that needs it. */
  private void awaitGradients() {
    Tensors.inScope(() -> sparseGroups.forEach(group -> group.await(steps + 1, seed, inner)));
  }

  @Override
  public void zeroGrad() {
    innerSteps.check();
    inner.zeroGrad();
    zeroing.forgetGradients();
    GradientHook.forgetReturned();
    parameters().forEach(parameter -> parameter.evidence().forgetGradient());
  }

  @Override
  public List<ParameterGroup> groups() {
    return inner.groups();
  }

  @Override
  public Map<String, Tensor> state(Tensor parameter) {
    return inner.state(parameter);
  }

  @Override
  public ParameterLayout layout(Tensor parameter) {
    long identity = Tensors.identity(parameter);
    for (SparseParameter sparse : parameters()) {
      if (Tensors.identity(sparse.weight()) == identity) {
        return sparse;
      }
    }
    return inner.layout(parameter);
  }

  @Override
  public long stepsMade() {
    return inner.stepsMade();
  }

  @Override
  public boolean keepsZeros() {
    return true;
  }

  @Override
  public void stepSkipped() {
    inner.stepSkipped();
    forgetStep();
  }

  @Override
  public void gradientsUnscaled(double scale) {
    inner.gradientsUnscaled(scale);
    Tensors.inScope(() -> parameters().forEach(p -> p.evidence().unscale(scale)));
  }

  /** The optimizer that this one wraps. */
  public Optimizer inner() {
    return inner;
  }

  /** The sparse parameters, in the order of the groups. */
  public List<SparseParameter> parameters() {
    return sparseGroups.stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** Optimizer steps finished. */
  public long stepCount() {
    return steps;
  }

  /**
   * Calls of {@link #step} that changed nothing because a gradient was infinite or NaN; always 0
   * without {@link SparsityOptions#skipNonFinite}.
   */
  public long skippedSteps() {
    return skipped;
  }

  /** Adds a listener to mask updates; they are called in the order they were added. */
  public void addListener(SparsityListener listener) {
    listeners.add(listener);
  }

  /** The counted sparsity over all sparse parameters, a fraction. */
  public double sparsity() {
    innerSteps.check();
    long size = parameters().stream().mapToLong(SparseParameter::size).sum();
    long kept = parameters().stream().mapToLong(SparseParameter::kept).sum();
    return 1 - (double) kept / size;
  }

  /**
   * Checks that no parameter is silently dense.
   *
   * @throws IllegalStateException naming the first parameter that keeps more or fewer weights than
   *     its sparsity says, or that has a weight where none should exist; or saying that steps were
   *     made past this wrapper
   */
  public void verify() {
    innerSteps.requireOwn();
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      parameters().forEach(SparseParameter::verify);
    }
  }

  /** The masks by parameter name: bool tensors of the weights' shapes. */
  public Map<String, Tensor> masks() {
    var masks = new LinkedHashMap<String, Tensor>();
    parameters().forEach(parameter -> masks.put(parameter.name(), parameter.mask()));
    return masks;
  }

  /**
   * Every parameter and buffer of a model by name as a dense tensor, zero where no weight exists:
   * what other tools read. Compressed parameters are copies, the others share their memory.
   *
   * @param model the wrapped model or one that it is a part of
   */
  public Map<String, Tensor> denseState(Module model) {
    var tensors = new LinkedHashMap<String, Tensor>();
    Tensors.namedParameters(model)
        .forEach(
            (name, parameter) ->
                tensors.put(
                    name,
                    layout(parameter) instanceof SparseParameter sparse
                        ? sparse.dense()
                        : parameter.detach()));
    tensors.putAll(Tensors.namedBuffers(model));
    return tensors;
  }

  /**
   * Replaces all masks, as from a checkpoint. Weights and optimizer state outside them become zero.
   * The {@link #state} of the same checkpoint tells {@link #verify} how many weights they keep.
   *
   * @throws IllegalArgumentException when the masks are not those of the sparse parameters, by
   *     name, type and shape; nothing has changed then
   */
  public void loadMasks(Map<String, Tensor> masks) {
    saved.loadMasks(masks);
    sparseGroups.forEach(SparseGroup::awaitNoMasks);
    giveBackMemory();
    awaitGradients(); // what is stored compressed now gathers in another way
  }

  /** As the other, with masks that are made one after the other. */
  void loadMasks(Set<String> names, Function<SparseParameter, Tensor> masks) {
    saved.loadMasks(names, masks);
    sparseGroups.forEach(SparseGroup::awaitNoMasks);
    giveBackMemory();
    awaitGradients();
  }

  /** What of it belongs to a checkpoint. */
  SavedState saved() {
    return saved;
  }

  /**
   * Step count, seed, the state of every schedule and how each parameter is stored: numbers, texts,
   * lists and maps.
   */
  public Map<String, Object> state() {
    innerSteps.check();
    return saved.state(steps, skipped);
  }

  /**
   * Continues from a saved state; masks are loaded apart, afterwards. Parameters are stored as they
   * were when it was saved, compressed or masked, unless the options name an execution.
   *
   * @throws IllegalArgumentException when the state does not fit the configuration
   */
  public void load(Map<String, Object> state) {
    steps = saved.load(state);
    skipped = state.get("skipped") instanceof Number number ? number.longValue() : 0;
    awaitGradients();
  }

  /**
   * What became of the parameters, in one line: "3 of 4 sparse parameters compressed, 1 masked
   * (out.weight: it is not ...)".
   */
  @Override
  public String toString() {
    return ExecutionSummary.of(parameters());
  }

  /**
   * Gives the parameters back: dense tensors again, hooks gone. The masks' zeros stay. Without it
   * the parameters stay sparse, and in memory, to the end of the program.
   */
  @Override
  public void close() {
    end(parameter -> parameter.release(inner));
  }

  /**
   * As {@link #close}, for a model that is needed no more: its sparse parameters become empty
   * tensors instead of dense ones, and their memory is free at once.
   */
  public void discard() {
    end(SparseParameter::discard);
  }

  private void end(Consumer<SparseParameter> how) {
    if (!closed) {
      closed = true;
      GradientPreparation.remove(preparation);
      zeroing.close();
      parameters().forEach(parameter -> Sparsity.forget(parameter, how));
      executions.close();
    }
  }
}
