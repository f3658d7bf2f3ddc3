package dev.filigree.kernels;

/**
 * The kept positions of a matrix, row by row and in ascending order: compressed sparse rows without
 * values.
 */
final class RowLists {
  private final int rows;
  private final int columns;
  private final int[] starts;
  private final int[] columnOf;

  /**
   * Wraps the arrays without copying or checking them.
   *
   * @param starts [rows + 1]: the positions of row {@code r} are {@code starts[r]} to {@code
   *     starts[r + 1]}
   * @param columnOf [kept]: the column of each position
   */
  RowLists(int rows, int columns, int[] starts, int[] columnOf) {
    this.rows = rows;
    this.columns = columns;
    this.starts = starts;
    this.columnOf = columnOf;
  }

  /** From flat row-major positions, strictly ascending. */
  static RowLists of(int rows, int columns, int[] positions) {
    int[] starts = new int[rows + 1];
    int[] columnOf = new int[positions.length];
    int previous = -1;
    for (int i = 0; i < positions.length; i++) {
      int position = positions[i];
      if (position <= previous || position >= rows * columns) {
        throw new IllegalArgumentException(
            "positions[%d] is %d after %d: positions must ascend and be below %d × %d = %d"
                .formatted(i, position, previous, rows, columns, rows * columns));
      }
      previous = position;
      int row = position / columns;
      starts[row + 1]++;
      columnOf[i] = position - row * columns;
    }
    accumulate(starts);
    return new RowLists(rows, columns, starts, columnOf);
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  int[] starts() {
    return starts;
  }

  int[] columnOf() {
    return columnOf;
  }

  int kept() {
    return columnOf.length;
  }

  /**
   * The same positions column by column.
   *
   * @param source [kept], receives for each position of the result its place in this list
   */
  RowLists transposed(int[] source) {
    int[] next = new int[columns + 1];
    for (int column : columnOf) {
      next[column + 1]++;
    }
    accumulate(next);
    int[] starts = next.clone();
    int[] rowOf = new int[kept()];
    for (int row = 0; row < rows; row++) {
      for (int i = this.starts[row]; i < this.starts[row + 1]; i++) {
        int at = next[columnOf[i]]++;
        rowOf[at] = row;
        source[at] = i;
      }
    }
    return new RowLists(columns, rows, starts, rowOf);
  }

  private static void accumulate(int[] counts) {
    for (int i = 1; i < counts.length; i++) {
      counts[i] += counts[i - 1];
    }
  }
}
