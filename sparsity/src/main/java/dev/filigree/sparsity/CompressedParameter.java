package dev.filigree.sparsity;

import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.mask.Selection;
import dev.filigree.mask.TieBreak;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The weight of a linear layer of which only the kept values exist: the parameter is one vector
 * [kept], so that gradient and optimizer state have as many elements, and {@link SparseMatrix} has
 * their positions. On the CPU, in float32.
 *
 * <p>While every weight is kept, as before a delayed first mask, the weight is stored whole and the
 * layer an ordinary one. The mask alone decides that, so that a resumed run computes as the one
 * that never stopped.
 */
final class CompressedParameter extends SparseParameter
    implements CompressedProduct.GradientListener {
  private final Linear layer;
  private final int rows;
  private final int columns;
  private final boolean sumsMicroBatches;
  private final DenseGradient whole; // its gradient while the weight is stored whole
  private @Nullable SparseMatrix matrix; // null while the weight is stored whole
  private @Nullable CompressedProduct product; // there with the matrix
  private @Nullable Growth growth;
  private @Nullable Throwable failure;
  private @Nullable DropAndGrow awaited;

  /**
   * Starts dense.
   *
   * @param sumsMicroBatches whether several backward passes make one step: the dense gradient must
   *     then be summed whole before an update
   */
  CompressedParameter(String name, Linear layer, boolean sumsMicroBatches) {
    super(name, layer.weight(), Tensors.shape(layer.weight()), null);
    this.layer = layer;
    whole = new DenseGradient(name, weight(), gradient -> gradient);
    this.sumsMicroBatches = sumsMicroBatches;
    rows = Math.toIntExact(layer.outFeatures());
    columns = Math.toIntExact(layer.inFeatures());
  }

  @Override
  public long kept() {
    return matrix == null ? size() : matrix.kept();
  }

  @Override
  public Execution execution() {
    return Execution.COMPRESSED;
  }

  @Override
  public long structureBytes() {
    return matrix == null ? 0 : matrix.structureBytes();
  }

  @Override
  public Tensor mask() {
    if (matrix == null) {
      return torch.ones(shape()).to(ScalarType.Bool);
    }
    return toDense(torch.ones(kept())).ne(new Scalar(0));
  }

  @Override
  public Tensor dense() {
    return toDense(weight().detach());
  }

  @Override
  public Tensor toDense(Tensor state) {
    if (matrix == null) {
      return state;
    }
    Tensor dense = torch.empty(shape());
    Tensor values = CompressedProduct.requireValues(name(), state, matrix).contiguous();
    matrix.scatter(Tensors.segment(values), Tensors.segment(dense));
    return dense;
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return matrix == null ? dense : gather(matrix, dense);
  }

  private static Tensor gather(SparseMatrix matrix, Tensor dense) {
    Tensor values = torch.empty(matrix.kept());
    matrix.gather(Tensors.segment(dense.contiguous()), Tensors.segment(values));
    return values;
  }

  @Override
  long counted() {
    return weight().numel();
  }

  @Override
  long astray() {
    return 0; // there is no outside
  }

  @Override
  void setMask(Tensor mask, Optimizer optimizer) {
    Tensors.inScope(
        () -> {
          Tensor host = mask.to(ScalarType.Bool).contiguous();
          if (Masks.count(host) == size()) {
            storeWhole(optimizer);
          } else {
            store(SparseMatrix.ofMask(rows, columns, Tensors.segment(host)), optimizer);
          }
        });
  }

  private void store(SparseMatrix next, Optimizer optimizer) {
    carryState(optimizer, state -> gather(next, toDense(state)));
    replace(gather(next, dense()));
    matrix = next;
    product = new CompressedProduct(name(), weight(), next, this);
    layer.product(product);
  }

  private void storeWhole(Optimizer optimizer) {
    if (matrix != null) {
      carryState(optimizer, this::toDense);
      replace(dense());
      matrix = null;
      product = null;
      layer.product(null);
    }
  }

  /** Takes the optimizer's state along with the weight. */
  private void carryState(Optimizer optimizer, UnaryOperator<Tensor> change) {
    Map<String, Tensor> state = optimizer.state(weight());
    for (var entry : List.copyOf(state.entrySet())) {
      if (follows(entry.getValue())) {
        state.put(entry.getKey(), change.apply(entry.getValue()));
      }
    }
  }

  /** Gives the parameter other values; a gradient of the old ones means nothing any more. */
  private void replace(Tensor values) {
    weight().mutable_grad().reset();
    weight().set_data(values);
  }

  @Override
  void prune(Optimizer optimizer, boolean stateToo) {
    // What does not exist cannot be anything but zero.
    if (product != null) {
      product.onStep();
    }
  }

  @Override
  void awaitUpdate(@Nullable DropAndGrow plan) {
    awaited = plan;
    whole.await(plan != null);
  }

  @Override
  boolean canGrowByGradient() {
    return matrix == null ? whole.sum().isPresent() : growth != null;
  }

  @Override
  public Optional<Tensor> denseGradient() {
    return growth == null ? whole.sum() : growth.sum();
  }

  @Override
  void forgetGradient() {
    failure = null;
    whole.forget();
    if (growth != null) {
      growth.close();
      growth = null;
    }
  }

  @Override
  void rethrowFailure() {
    switch (failure) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      case Throwable other -> throw new IllegalStateException(other);
    }
  }

  @Override
  public boolean isAwaiting() {
    return awaited != null;
  }

  @Override
  public void onGradient(Tensor dy, Tensor x) {
    DropAndGrow plan = awaited;
    if (plan == null) {
      return;
    }
    if (!weight().grad().defined()) {
      forgetGradient(); // The first micro-batch of a step; the step before may have been skipped.
    }
    if (growth == null) {
      growth = new Growth(this, Objects.requireNonNull(matrix), sumsMicroBatches);
    }
    try {
      growth.add(plan, grown(plan), plan.ties().at(plan.seed(), name(), plan.step()), dy, x);
    } catch (RuntimeException | Error e) {
      failure = e; // Through libtorch it would lose its type, its cause and its trace.
    }
  }

  /** How many weights the drop of an update leaves. */
  private long left(DropAndGrow plan) {
    return Math.min(
        Counting.afterDrop(kept(), plan.dropFraction()), Counting.kept(size(), plan.sparsity()));
  }

  private long grown(DropAndGrow plan) {
    return Counting.kept(size(), plan.sparsity()) - left(plan);
  }

  @Override
  Moved update(DropAndGrow plan, Optimizer optimizer) {
    SparseMatrix positions = matrix;
    if (positions == null) {
      setMask(updatedMask(plan, mask(), whole.missing(plan, shape()), optimizer), optimizer);
      return new Moved(size() - kept(), 0);
    }
    TieBreak ties = plan.ties().at(plan.seed(), name(), plan.step());
    long grown = grown(plan);
    int[] dropped = dropped(plan, ties, positions, optimizer);
    int[] chosen = new int[0];
    if (grown > 0) {
      if (growth == null) {
        growth = new Growth(this, positions, false);
      }
      chosen =
          Arrays.stream(growth.choose(plan, grown, ties, dropped))
              .mapToInt(Math::toIntExact)
              .toArray();
    }
    rearrange(positions, dropped, chosen, optimizer);
    long again = both(dropped, chosen);
    return new Moved(dropped.length - again, chosen.length - again);
  }

  /** The positions that go, ascending. */
  private int[] dropped(
      DropAndGrow plan, TieBreak ties, SparseMatrix positions, Optimizer optimizer) {
    var stays = new Selection(left(plan), ties);
    Tensor scores = dropScores(plan, optimizer).to(ScalarType.Float).contiguous();
    MemorySegment memory = Tensors.segment(scores);
    int[] flat = positions.positions();
    for (int i = 0; i < flat.length; i++) {
      stays.offer(flat[i], memory.getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
    var gone = new BitSet();
    Arrays.stream(flat).forEach(gone::set);
    Arrays.stream(stays.indices()).forEach(index -> gone.clear((int) index));
    return gone.stream().toArray();
  }

  /** How many elements two ascending lists share. */
  private static long both(int[] left, int[] right) {
    return Arrays.stream(left).filter(i -> Arrays.binarySearch(right, i) >= 0).count();
  }

  /** Takes values and optimizer state along to changed positions; new weights start at zero. */
  private void rearrange(SparseMatrix positions, int[] dropped, int[] grown, Optimizer optimizer) {
    int[] origin = positions.update(dropped, grown);
    Tensor source = torch.tensor(origin).to(ScalarType.Long);
    Tensor isNew = source.lt(new Scalar(0));
    Tensor from = source.clamp_min(new Scalar(0));
    carryState(optimizer, state -> moved(state, from, isNew));
    replace(moved(weight().detach(), from, isNew));
    if (kept() == size()) {
      storeWhole(optimizer);
    }
  }

  private static Tensor moved(Tensor values, Tensor from, Tensor isNew) {
    return values.numel() == 0
        ? torch.zeros(from.numel())
        : values.index_select(0, from).masked_fill_(isNew, new Scalar(0));
  }

  @Override
  void release(Optimizer optimizer) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      storeWhole(optimizer);
    }
    forgetGradient();
    whole.close();
    weight().close();
  }
}
