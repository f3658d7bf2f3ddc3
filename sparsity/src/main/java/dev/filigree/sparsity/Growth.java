package dev.filigree.sparsity;

import dev.filigree.kernels.SparseMatrix;
import dev.filigree.mask.RandomScores;
import dev.filigree.mask.Selection;
import dev.filigree.mask.TieBreak;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Where a compressed layer may grow at its next update. Scores are computed for some rows at a
 * time; kept are the best of the missing positions, and those existing weights that would win
 * against them, should they be dropped. So no dense gradient of the layer exists.
 *
 * <p>Where several micro-batches make one step, the score is that of the summed gradient, which
 * must then be held whole until the update: one dense tensor for each layer.
 */
final class Growth implements AutoCloseable {
  /** Elements whose scores are computed at a time. */
  private static final int BLOCK = 1 << 20;

  private final SparseParameter parameter;
  private final SparseMatrix matrix;
  private final @Nullable Tensor sum; // [rows, columns]
  private @Nullable Selection missing;
  // Of the existing weights those that would win now; ascending positions and their scores.
  private int[] existing = {};
  private float[] existingScores = {};
  private boolean severalPasses;

  Growth(SparseParameter parameter, SparseMatrix matrix, boolean sumsMicroBatches) {
    this.parameter = parameter;
    this.matrix = matrix;
    sum =
        sumsMicroBatches
            ? new Tensor(torch.zeros(matrix.rows(), matrix.columns())).retainReference()
            : null;
  }

  /** The summed dense gradient, where it is held. */
  Optional<Tensor> sum() {
    return Optional.ofNullable(sum);
  }

  /**
   * Takes the gradient dYᵀ·X of one backward pass.
   *
   * @param best how many weights the update will grow
   */
  void add(DropAndGrow plan, long best, TieBreak ties, Tensor dy, Tensor x) {
    if (sum != null) {
      sum.addmm_(dy.t(), x);
    } else if (missing != null) {
      severalPasses = true;
    } else {
      Tensor transposed = dy.t();
      score(plan, best, ties, (row, rows) -> torch.mm(transposed.narrow(0, row, rows), x));
    }
  }

  /** The winners among the missing positions and the positions that an update drops. */
  long[] choose(DropAndGrow plan, long best, TieBreak ties, int[] dropped) {
    if (severalPasses) {
      throw new IllegalStateException(
          parameter.name()
              + ": several backward passes made one step; compressed execution must know that:"
              + " SparsityOptions.microBatches");
    }
    if (missing == null) {
      score(plan, best, ties, sum == null ? null : (row, rows) -> sum.narrow(0, row, rows));
    }
    var chosen = new Selection(best, ties);
    chosen.merge(java.util.Objects.requireNonNull(missing));
    for (int position : dropped) {
      int at = Arrays.binarySearch(existing, position);
      if (at >= 0) {
        chosen.offer(position, existingScores[at]);
      }
    }
    return chosen.indices();
  }

  private void score(DropAndGrow plan, long best, TieBreak ties, @Nullable GradientRows gradient) {
    var selection = new Selection(best, ties);
    int[] sorted = matrix.sortedPositions();
    var scoresThere = new float[sorted.length];
    int columns = matrix.columns();
    int step = Math.max(1, BLOCK / columns);
    int next = 0;
    for (int row = 0, rows; row < matrix.rows(); row += rows) {
      rows = Math.min(step, matrix.rows() - row);
      try (var _ = new NoGradGuard();
          var _ = new PointerScope()) {
        Tensor scores =
            parameter
                .requireScores(
                    "grow",
                    plan.growScore().apply(new Rows(plan, row, rows, gradient)),
                    rows,
                    columns)
                .to(torch.ScalarType.Float)
                .contiguous();
        next =
            offer(
                selection,
                Tensors.segment(scores),
                (long) row * columns,
                sorted,
                next,
                scoresThere);
      }
    }
    selection.trim(); // what all layers hold waits for the optimizer
    missing = selection;
    int[] winners =
        IntStream.range(0, sorted.length)
            .filter(i -> selection.admits(sorted[i], scoresThere[i]))
            .toArray();
    existing = Arrays.stream(winners).map(i -> sorted[i]).toArray();
    existingScores = new float[winners.length];
    for (int i = 0; i < winners.length; i++) {
      existingScores[i] = scoresThere[winners[i]];
    }
  }

  /** Offers the scores of the missing weights, and takes down those of the existing ones. */
  private static int offer(
      Selection selection,
      MemorySegment scores,
      long first,
      int[] sorted,
      int next,
      float[] scoresThere) {
    int end = selection.offer(first, scores, sorted, next);
    for (int i = next; i < end; i++) {
      scoresThere[i] = scores.getAtIndex(ValueLayout.JAVA_FLOAT, sorted[i] - first);
    }
    return end;
  }

  @Override
  public void close() {
    if (sum != null) {
      sum.close();
    }
  }

  /** Computes rows of a dense gradient, [rows, columns]. */
  private interface GradientRows {
    Tensor of(int firstRow, int rows);
  }

  /** Some rows of the layer as a growth sees them. */
  private final class Rows implements MissingWeights {
    private final DropAndGrow plan;
    private final int firstRow;
    private final int rows;
    private final @Nullable GradientRows gradient;

    Rows(DropAndGrow plan, int firstRow, int rows, @Nullable GradientRows gradient) {
      this.plan = plan;
      this.firstRow = firstRow;
      this.rows = rows;
      this.gradient = gradient;
    }

    @Override
    public Tensor gradient() {
      if (gradient == null) {
        throw new IllegalStateException(
            parameter.name()
                + ": no dense gradient was captured; does the algorithm say growsByGradient?");
      }
      return gradient.of(firstRow, rows);
    }

    @Override
    public Tensor random() {
      Tensor random = torch.empty(rows, matrix.columns());
      RandomScores.of(plan.seed(), parameter.name(), plan.step())
          .fill((long) firstRow * matrix.columns(), Tensors.segment(random));
      return random;
    }

    @Override
    public Tensor zeros() {
      return torch.zeros(rows, matrix.columns());
    }
  }
}
