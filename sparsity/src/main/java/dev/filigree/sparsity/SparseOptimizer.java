package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.schedule.Schedule;
import dev.filigree.torch.NativeMemory;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * An optimizer that keeps parameters sparse: a drop-in replacement for the one it wraps.
 *
 * <p>One {@link #step}: the inner step; weights and, where needed, state outside the masks become
 * zero; the step count rises; where the update schedule says so, masks are updated. Gradients
 * outside the masks are zeroed as the backward pass delivers them, so that clipping and finite
 * checks see what the optimizer will see. A step skipped because the loss scale overflowed is one
 * for which {@code step} is not called: nothing changes.
 */
public final class SparseOptimizer implements Optimizer, AutoCloseable {
  private final Optimizer inner;
  private final List<SparseGroup> groups;
  private final long seed;
  private final List<SparsityListener> listeners = new ArrayList<>();
  private long steps;
  private boolean closed;

  SparseOptimizer(
      Optimizer inner, List<SparseGroup> groups, long seed, Map<String, Tensor> existing) {
    this.inner = inner;
    this.groups = List.copyOf(groups);
    this.seed = seed;
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      // All masks first: where one cannot be made, no weight was touched.
      List<List<Tensor>> masks =
          this.groups.stream().map(group -> group.initialMasks(seed, existing)).toList();
      for (int i = 0; i < masks.size(); i++) {
        this.groups.get(i).initialise(masks.get(i), inner);
      }
    }
    giveBackMemory();
    awaitGradients();
  }

  @Override
  public void step() {
    if (closed) {
      throw new IllegalStateException("the sparse optimizer is closed");
    }
    inner.step();
    steps++;
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      boolean stateToo = !inner.keepsZeros();
      parameters().forEach(parameter -> parameter.prune(inner, stateToo));
      updateMasks();
    }
    parameters().forEach(SparseParameter::forgetGradient);
    if (groups.stream().anyMatch(group -> group.isUpdate(steps))) {
      giveBackMemory();
    }
    awaitGradients();
  }

  /** Compressed layers were made of dense ones, or anew, of other sizes. */
  private void giveBackMemory() {
    if (parameters().stream().anyMatch(p -> p.execution() == Execution.COMPRESSED)) {
      NativeMemory.giveBack();
    }
  }

  private void updateMasks() {
    // By identity: a schedule that two groups share moves on once.
    Set<Schedule> read = Collections.newSetFromMap(new IdentityHashMap<>());
    for (SparseGroup group : groups) {
      if (group.isUpdate(steps)) {
        group.update(steps, seed, inner, listeners);
        read.add(group.algorithm().settings().sparsity());
        read.add(group.algorithm().settings().dropFraction());
      }
    }
    read.forEach(Schedule::advance);
  }

  /** Dense gradients are captured only in the backward passes before an update that needs them. */
  private void awaitGradients() {
    Tensors.inScope(() -> groups.forEach(group -> group.await(steps + 1, seed)));
  }

  @Override
  public void zeroGrad() {
    inner.zeroGrad();
    parameters().forEach(SparseParameter::forgetGradient);
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
  public boolean keepsZeros() {
    return true;
  }

  /** The optimizer that this one wraps. */
  public Optimizer inner() {
    return inner;
  }

  /** The sparse parameters, in the order of the groups. */
  public List<SparseParameter> parameters() {
    return groups.stream().flatMap(group -> group.parameters().stream()).toList();
  }

  /** Optimizer steps finished. */
  public long stepCount() {
    return steps;
  }

  public void addListener(SparsityListener listener) {
    listeners.add(listener);
  }

  /** The counted sparsity over all sparse parameters, a fraction. */
  public double sparsity() {
    long size = parameters().stream().mapToLong(SparseParameter::size).sum();
    long kept = parameters().stream().mapToLong(SparseParameter::kept).sum();
    return 1 - (double) kept / size;
  }

  /**
   * Checks that no parameter is silently dense.
   *
   * @throws IllegalStateException naming the first parameter that keeps more or fewer weights than
   *     asked for, or that has a weight where none should exist
   */
  public void verify() {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      groups.forEach(SparseGroup::verify);
    }
  }

  /** The masks by parameter name: bool tensors of the weights' shapes. */
  public Map<String, Tensor> masks() {
    var masks = new LinkedHashMap<String, Tensor>();
    parameters().forEach(parameter -> masks.put(parameter.name(), parameter.mask()));
    return masks;
  }

  /**
   * Replaces all masks, as from a checkpoint. Weights and optimizer state outside them become zero.
   * The {@link #state} of the same checkpoint tells {@link #verify} how many weights they keep.
   *
   * @throws IllegalArgumentException when the masks are not those of the sparse parameters, by
   *     name, type and shape; nothing has changed then
   */
  public void loadMasks(Map<String, Tensor> masks) {
    var expected = new ArrayList<>(parameters().stream().map(SparseParameter::name).toList());
    for (String name : masks.keySet()) {
      if (!expected.remove(name)) {
        throw new IllegalArgumentException(
            "there is a mask for '" + name + "', which the configuration does not make sparse");
      }
    }
    if (!expected.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no mask for '" + expected.getFirst() + "', which is configured to be sparse");
    }
    var byName = new HashMap<String, SparseParameter>();
    parameters().forEach(parameter -> byName.put(parameter.name(), parameter));
    masks.forEach((name, mask) -> of(byName, name).requireMask(mask));
    masks.forEach((name, mask) -> of(byName, name).setMask(mask, inner));
    giveBackMemory();
  }

  private static SparseParameter of(Map<String, SparseParameter> byName, String name) {
    return Objects.requireNonNull(byName.get(name), name);
  }

  /** Step count, seed and the state of every schedule: numbers, texts, lists and maps. */
  public Map<String, Object> state() {
    var state = new LinkedHashMap<String, Object>();
    state.put("step", steps);
    state.put("seed", seed);
    state.put("groups", groups.stream().map(SparseGroup::state).toList());
    return state;
  }

  /**
   * Continues from a saved state; masks are loaded apart.
   *
   * @throws IllegalArgumentException when the state does not fit the configuration
   */
  public void load(Map<String, Object> state) {
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
    steps = step.longValue();
    awaitGradients();
  }

  /**
   * Gives the parameters back: dense tensors again, hooks gone. The masks' zeros stay. Without it
   * the parameters stay sparse, and in memory, to the end of the program.
   */
  @Override
  public void close() {
    release(parameter -> {});
  }

  /**
   * As {@link #close}, for a model that is needed no more: its sparse parameters become empty
   * tensors instead of dense ones, and their memory is free at once.
   */
  public void discard() {
    Tensors.inScope(() -> release(SparseParameter::empty));
  }

  private void release(Consumer<SparseParameter> before) {
    if (!closed) {
      closed = true;
      for (SparseParameter parameter : parameters()) {
        before.accept(parameter);
        Sparsity.release(parameter, inner);
      }
    }
  }
}
