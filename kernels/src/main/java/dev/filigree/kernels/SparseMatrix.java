package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.loops.Memory.INT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The positions of the kept weights of a matrix [rows, columns]; for a linear layer rows are output
 * and columns input features. The values live elsewhere, as one vector [kept] of fp32, in native
 * memory that an optimizer updates in place.
 *
 * <p>The values are in the order the loops like: the matrix is cut into blocks of 256 rows by a
 * panel of columns (64 to 512 wide, wider for sparser matrices), blocks follow each other along the
 * rows, and in a block rows that keep more weights come first. {@link #positions} translates.
 *
 * <p>A second structure holds the same positions by columns, for the input gradient; it reads the
 * values through a permutation. Both together take about 8.5 bytes a kept weight.
 */
public final class SparseMatrix {
  /** Elements that a matrix may have: positions are ints, and a JVM's arrays end a little below. */
  public static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  private final int rows;
  private final int columns;
  private final Panels byRows = new Panels();
  private final Panels byColumns = new Panels();
  private final NativeBuffer permutation = new NativeBuffer(); // [kept]: by columns -> value

  private SparseMatrix(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
  }

  /**
   * A matrix that keeps the given positions.
   *
   * @param positions flat row-major positions, {@code row * columns + column}, strictly ascending
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or the positions do not ascend or lie outside
   */
  public static SparseMatrix ofPositions(int rows, int columns, int[] positions) {
    checkShape(rows, columns);
    var matrix = new SparseMatrix(rows, columns);
    matrix.build(RowLists.of(rows, columns, positions));
    return matrix;
  }

  /**
   * A matrix that keeps the positions whose bit is set.
   *
   * @param mask bit {@code row * columns + column}
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or a bit lies outside
   */
  public static SparseMatrix ofMask(int rows, int columns, BitSet mask) {
    checkShape(rows, columns);
    return ofPositions(rows, columns, mask.stream().toArray());
  }

  /**
   * A matrix that keeps the positions whose byte is not zero, such as libtorch's bool tensors.
   *
   * @param mask [rows, columns], row-major
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or the mask is not rows * columns bytes long
   */
  public static SparseMatrix ofMask(int rows, int columns, MemorySegment mask) {
    checkShape(rows, columns);
    requireBytes(mask, rows, columns);
    int size = rows * columns;
    int[] positions = new int[1024];
    int kept = 0;
    for (int i = 0; i < size; i++) {
      // Eight missing weights at once: most masks are mostly zeros.
      while (i <= size - Long.BYTES && mask.get(ValueLayout.JAVA_LONG_UNALIGNED, i) == 0) {
        i += Long.BYTES;
      }
      if (i < size && mask.get(ValueLayout.JAVA_BYTE, i) != 0) {
        if (kept == positions.length) {
          positions = Arrays.copyOf(positions, grown(kept, size));
        }
        positions[kept++] = i;
      }
    }
    return ofPositions(rows, columns, Arrays.copyOf(positions, kept));
  }

  /** The next length of an array that grows up to a most. */
  static int grown(int length, int most) {
    return (int) Math.min(2L * length, most);
  }

  /** Output features. */
  public int rows() {
    return rows;
  }

  /** Input features. */
  public int columns() {
    return columns;
  }

  /** Number of kept weights, the length of the values. */
  public int kept() {
    return byRows.kept();
  }

  /** Bytes that the positions take in both directions, without values. */
  public long structureBytes() {
    return byRows.bytes() + byColumns.bytes() + permutation.byteSize();
  }

  /** [kept]: the flat row-major position of each value. */
  public int[] positions() {
    int[] positions = new int[kept()];
    byRows.forEach((value, row, column) -> positions[value] = row * columns + column);
    return positions;
  }

  /**
   * Copies the kept elements of a dense matrix to values.
   *
   * @param dense [rows, columns], row-major fp32
   * @param values [kept] fp32
   */
  public void gather(MemorySegment dense, MemorySegment values) {
    ArgumentChecks.floats("dense", dense, (long) rows * columns);
    ArgumentChecks.floats("values", values, kept());
    byRows.forEach(
        (value, row, column) ->
            values.set(FLOAT, 4L * value, dense.get(FLOAT, 4L * ((long) row * columns + column))));
  }

  /**
   * Writes values to a dense matrix and zero everywhere else.
   *
   * @param values [kept] fp32
   * @param dense [rows, columns], row-major fp32
   */
  public void scatter(MemorySegment values, MemorySegment dense) {
    ArgumentChecks.floats("values", values, kept());
    ArgumentChecks.floats("dense", dense, (long) rows * columns);
    dense.asSlice(0, 4L * rows * columns).fill((byte) 0);
    byRows.forEach(
        (value, row, column) ->
            dense.set(FLOAT, 4L * ((long) row * columns + column), values.get(FLOAT, 4L * value)));
  }

  /**
   * Writes a byte for every element: 1 where a weight is kept, else 0, as libtorch's bool tensors.
   *
   * @param mask [rows, columns], row-major; overwritten
   * @throws IllegalArgumentException if the mask is not rows * columns bytes long
   */
  public void mask(MemorySegment mask) {
    requireBytes(mask, rows, columns);
    mask.fill((byte) 0);
    byRows.forEach(
        (value, row, column) ->
            mask.set(ValueLayout.JAVA_BYTE, (long) row * columns + column, (byte) 1));
  }

  private static void requireBytes(MemorySegment mask, int rows, int columns) {
    if (mask.byteSize() != (long) rows * columns) {
      throw new IllegalArgumentException(
          "mask has %d bytes; a mask for [%d, %d] has %d"
              .formatted(mask.byteSize(), rows, columns, (long) rows * columns));
    }
  }

  /**
   * Where the values of this matrix stood in another one.
   *
   * @return [kept]: the index in the other one's values, or -1 for a weight that it did not keep
   * @throws IllegalArgumentException if the two differ in shape
   */
  public int[] indicesIn(SparseMatrix other) {
    if (other.rows != rows || other.columns != columns) {
      throw new IllegalArgumentException(
          "the other matrix is [%d, %d]; this one is [%d, %d]"
              .formatted(other.rows, other.columns, rows, columns));
    }
    int[] plusOne = new int[rows * columns];
    other.byRows.forEach((value, row, column) -> plusOne[row * columns + column] = value + 1);
    int[] indices = new int[kept()];
    byRows.forEach((value, row, column) -> indices[value] = plusOne[row * columns + column] - 1);
    return indices;
  }

  /**
   * Verifies what the kernels rely on, in both directions.
   *
   * @throws IllegalStateException naming the first thing that is wrong
   */
  public void checkStructure() {
    byRows.check();
    byColumns.check();
    int[] positions = positions();
    boolean[] seen = new boolean[kept()];
    byColumns.forEach(
        (at, column, row) -> {
          int value = permutation.segment().get(INT, 4L * at);
          Panels.require(value >= 0 && value < seen.length && !seen[value], "values map once");
          seen[value] = true;
          Panels.require(positions[value] == row * columns + column, "both directions agree");
        });
    Panels.require(byColumns.kept() == kept(), "both directions keep the same number");
  }

  Panels byRows() {
    return byRows;
  }

  Panels byColumns() {
    return byColumns;
  }

  /** Address of [kept] 32-bit numbers: the value of each weight by columns. */
  long permutation() {
    return permutation.address();
  }

  private void build(RowLists lists) {
    int[] order = byRows.build(lists);
    int[] valueOf = new int[order.length];
    for (int value = 0; value < order.length; value++) {
      valueOf[order[value]] = value;
    }
    int[] source = new int[order.length];
    int[] transposedOrder = byColumns.build(lists.transposed(source));
    MemorySegment target = permutation.reserve(4L * order.length);
    for (int at = 0; at < order.length; at++) {
      target.set(INT, 4L * at, valueOf[source[transposedOrder[at]]]);
    }
  }

  private static void checkShape(int rows, int columns) {
    if (rows < 1 || columns < 1 || (long) rows * columns > MAX_ELEMENTS) {
      throw new IllegalArgumentException(
          "shape [%d, %d]: sizes must be at least 1 and the product at most %d"
              .formatted(rows, columns, MAX_ELEMENTS));
    }
  }
}
