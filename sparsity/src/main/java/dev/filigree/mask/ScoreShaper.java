package dev.filigree.mask;

/**
 * Decides which weights of a parameter compete with each other. The counts of a selection (kept,
 * dropped, grown) hold for every group of its own.
 *
 * <p>Weights are [out, in], or [out, in, ...] for convolutions: an output is an element of the
 * first dimension, an input one of the second, and a row is all that one output holds, flattened.
 */
@FunctionalInterface
public interface ScoreShaper {
  /**
   * The groups of one parameter.
   *
   * @param name the parameter, for error messages
   * @param shape its shape
   * @throws IllegalArgumentException naming the parameter, its shape and the number of groups, when
   *     the groups do not divide it
   */
  SelectionGroups group(String name, long... shape);

  /** All weights of the parameter compete. */
  static ScoreShaper flat() {
    return (name, shape) -> new RowGroups(shape, 1, 0);
  }

  /** Every group of consecutive outputs (rows) holds the same number of weights. */
  static ScoreShaper outputGroups(long groups) {
    Shapes.requirePositive("number of output groups", groups);
    return (name, shape) -> {
      Shapes.requireDimensions(1, name, shape);
      Shapes.requireDivided(name, shape, shape[0], groups, groups + " output groups", "outputs");
      return new RowGroups(shape, groups, 0);
    };
  }

  /** Every group of consecutive inputs (columns) holds the same number of weights. */
  static ScoreShaper inputGroups(long groups) {
    Shapes.requirePositive("number of input groups", groups);
    return (name, shape) -> {
      Shapes.requireDimensions(2, name, shape);
      Shapes.requireDivided(name, shape, shape[1], groups, groups + " input groups", "inputs");
      return new ColumnGroups(shape, groups);
    };
  }

  /**
   * N:M sparsity: the best {@code n} of every {@code m} consecutive weights of a row exist. A
   * smaller sparsity than that keeps more of each, so that a rising schedule reaches N:M by and by;
   * a larger one does not keep fewer.
   */
  static ScoreShaper nOfM(long n, long m) {
    if (n < 1 || m < n) {
      throw new IllegalArgumentException("N:M sparsity needs 1 <= N <= M, found " + n + ":" + m);
    }
    return (name, shape) -> {
      Shapes.requireDimensions(2, name, shape);
      long row = Shapes.row(shape);
      String what = n + ":" + m + " sparsity: groups of " + m;
      Shapes.requireDivided(name, shape, row, m, what, "weights of a row");
      return new RowGroups(shape, Shapes.size(shape) / m, n);
    };
  }

  /** Blocks of {@code rows} × {@code columns} weights stand and fall together. */
  static ScoreShaper blocks(long rows, long columns, Pool pool) {
    Shapes.requirePositive("number of rows of a block", rows);
    Shapes.requirePositive("number of columns of a block", columns);
    return (name, shape) -> {
      Shapes.requireDimensions(2, name, shape);
      long row = Shapes.row(shape);
      String what = "blocks of " + rows + " x " + columns;
      Shapes.requireDivided(name, shape, shape[0], rows, what, "outputs");
      Shapes.requireDivided(name, shape, row, columns, what, "weights of a row");
      return new Pools(shape, pool, shape[0] / rows, rows, row / columns, columns);
    };
  }

  /** Whole outputs (rows) stand and fall together. */
  static ScoreShaper rows(Pool pool) {
    return (name, shape) -> {
      Shapes.requireDimensions(2, name, shape);
      return new Pools(shape, pool, shape[0], 1, 1, Shapes.row(shape));
    };
  }

  /** Whole inputs (columns) stand and fall together. */
  static ScoreShaper columns(Pool pool) {
    return (name, shape) -> {
      Shapes.requireDimensions(2, name, shape);
      return new Pools(shape, pool, 1, shape[0], shape[1], Shapes.row(shape) / shape[1]);
    };
  }

  /** How the scores of a pool become one. */
  enum Pool {
    /** The mean of the scores. */
    MEAN,
    /** The largest score. */
    MAX
  }
}
