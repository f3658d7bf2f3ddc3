package dev.filigree.sparsity;

import dev.filigree.kernels.PackedTokens;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.Counting;
import dev.filigree.mask.Selection;
import dev.filigree.mask.TieBreak;
import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.CustomFunction;
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
import org.bytedeco.pytorch.GradMode;
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
 * <p>Until the first mask the weight is dense and the layer an ordinary one.
 */
final class CompressedParameter extends SparseParameter implements Linear.Product {
  private final Linear layer;
  private final int rows;
  private final int columns;
  private final boolean sumsMicroBatches;
  private @Nullable SparseMatrix matrix;
  private @Nullable Growth growth;
  private @Nullable DropAndGrow awaited;

  /**
   * Starts dense.
   *
   * @param sumsMicroBatches whether several backward passes make one step: the dense gradient must
   *     then be summed whole before an update
   */
  CompressedParameter(String name, Linear layer, boolean sumsMicroBatches) {
    super(name, layer.weight(), Tensors.shape(layer.weight()));
    this.layer = layer;
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
    matrix.scatter(Tensors.segment(state.contiguous()), Tensors.segment(dense));
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
          var next =
              SparseMatrix.ofMask(
                  rows, columns, Tensors.segment(mask.to(ScalarType.Bool).contiguous()));
          carryState(optimizer, state -> gather(next, toDense(state)));
          replace(gather(next, dense()));
          matrix = next;
          layer.product(this);
        });
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
  }

  @Override
  void awaitUpdate(@Nullable DropAndGrow plan) {
    awaited = plan;
  }

  @Override
  boolean canGrowByGradient() {
    return growth != null || matrix == null;
  }

  @Override
  public Optional<Tensor> denseGradient() {
    return growth == null ? Optional.empty() : growth.sum();
  }

  @Override
  void forgetGradient() {
    if (growth != null) {
      growth.close();
      growth = null;
    }
  }

  @Override
  public Tensor forward(Tensor x, @Nullable Tensor bias) {
    SparseMatrix positions = Objects.requireNonNull(matrix);
    long[] shape = Tensors.shape(x);
    Tensor flat = x.to(ScalarType.Float).reshape(-1, columns).contiguous();
    long[] outputShape = Arrays.copyOf(shape, shape.length);
    outputShape[shape.length - 1] = rows;
    PackedInputs.Shared input = PackedInputs.of(flat);
    Tensor y = torch.empty(flat.size(0), rows);
    kernels()
        .forward(
            positions,
            Tensors.segment(weight().detach()),
            input.tokens(),
            null,
            Tensors.segment(y));
    if (!GradMode.is_enabled()) {
      input.release();
      return withBias(y, bias).view(outputShape);
    }
    // The unpacked input is needed for a dense gradient only.
    Tensor data = awaited == null ? null : flat.detach();
    Tensor product = CustomFunction.apply(flat, y, dy -> backward(input, data, dy));
    return withBias(product, bias).view(outputShape);
  }

  private static Tensor withBias(Tensor y, @Nullable Tensor bias) {
    return bias == null ? y : y.add(bias);
  }

  /** The gradient of the input; that of the values is added to theirs. */
  private Tensor backward(PackedInputs.Shared input, @Nullable Tensor x, Tensor gradient) {
    SparseMatrix positions = Objects.requireNonNull(matrix);
    Tensor dy = gradient.contiguous();
    Tensor dx = torch.empty(dy.size(0), columns);
    Tensor dw = torch.empty(positions.kept());
    try (PackedTokens packed = kernels().pack(Tensors.segment(dy), (int) dy.size(0), rows)) {
      kernels()
          .inputGradient(
              positions, Tensors.segment(weight().detach()), packed, Tensors.segment(dx));
      kernels().weightGradient(positions, packed, input.tokens(), Tensors.segment(dw));
    }
    input.release();
    if (awaited != null && x != null) {
      look(awaited, dy, x);
    }
    Tensor sum = weight().mutable_grad();
    if (sum.defined()) {
      sum.add_(dw);
    } else {
      sum.put(dw);
    }
    return dx;
  }

  /** Looks at the dense gradient of one backward pass, for the update that comes. */
  private void look(DropAndGrow plan, Tensor dy, Tensor x) {
    SparseMatrix positions = Objects.requireNonNull(matrix);
    if (!weight().grad().defined()) {
      forgetGradient(); // The first micro-batch of a step; the step before may have been skipped.
    }
    if (growth == null) {
      growth = new Growth(name(), positions, sumsMicroBatches);
    }
    growth.add(plan, grown(plan), plan.ties().at(plan.seed(), name(), plan.step()), dy, x);
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
    if (matrix == null) {
      setMask(mask(), optimizer);
    }
    SparseMatrix positions = Objects.requireNonNull(matrix);
    TieBreak ties = plan.ties().at(plan.seed(), name(), plan.step());
    long grown = grown(plan);
    int[] dropped = dropped(plan, ties, positions, optimizer);
    int[] chosen = new int[0];
    if (grown > 0) {
      if (growth == null) {
        growth = new Growth(name(), positions, false);
      }
      chosen =
          Arrays.stream(growth.choose(plan, grown, ties, dropped))
              .mapToInt(Math::toIntExact)
              .toArray();
    }
    rearrange(dropped, chosen, optimizer);
    long again = both(dropped, chosen);
    return new Moved(dropped.length - again, chosen.length - again);
  }

  /** The positions that go, ascending. */
  private int[] dropped(
      DropAndGrow plan, TieBreak ties, SparseMatrix positions, Optimizer optimizer) {
    var stays = new Selection(left(plan), ties);
    Tensor scores =
        plan.dropScore().apply(keptWeights(optimizer)).to(ScalarType.Float).contiguous();
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
  private void rearrange(int[] dropped, int[] grown, Optimizer optimizer) {
    int[] origin = Objects.requireNonNull(matrix).update(dropped, grown);
    Tensor source = torch.tensor(origin).to(ScalarType.Long);
    Tensor isNew = source.lt(new Scalar(0));
    Tensor from = source.clamp_min(new Scalar(0));
    carryState(optimizer, state -> moved(state, from, isNew));
    replace(moved(weight().detach(), from, isNew));
  }

  private static Tensor moved(Tensor values, Tensor from, Tensor isNew) {
    return values.numel() == 0
        ? torch.zeros(from.numel())
        : values.index_select(0, from).masked_fill_(isNew, new Scalar(0));
  }

  @Override
  void empty() {
    matrix = null;
    super.empty();
  }

  @Override
  void release(Optimizer optimizer) {
    try (var _ = new NoGradGuard();
        var _ = new PointerScope()) {
      if (matrix != null) {
        carryState(optimizer, this::toDense);
        replace(dense());
      }
    }
    layer.product(null);
    matrix = null;
    forgetGradient();
    weight().close();
  }

  private static SparseKernels kernels() {
    return PackedInputs.kernels();
  }
}
