package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.FLOAT;
import static dev.filigree.kernels.loops.Memory.INT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;

/**
 * The positions of the kept weights of a matrix [rows, columns]; in a linear layer rows are output
 * features and columns input features. The values are stored elsewhere, as one fp32 vector [kept]
 * in native memory that an optimizer updates in place.
 *
 * <p>The values are in the order in which the kernels read them: the matrix is cut into blocks of
 * 256 rows by a panel of columns (64 to 512 wide, wider for sparser matrices), blocks follow each
 * other along the rows, and within a block rows that keep more weights come first. {@link
 * #positions} gives the position of each value.
 *
 * <p>A second structure holds the same positions by columns, for the input gradient; it reads the
 * values through a permutation. Together the two take about 8.5 bytes per kept weight.
 */
public final class SparseMatrix {
  /**
   * The largest number of elements: positions are ints, and the JVM's largest arrays are slightly
   * shorter than 2³¹.
   */
  public static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

  private static final ValueLayout.OfLong EIGHT_BYTES =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long HIGHEST_BITS = 0x8080808080808080L;

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
   * @param rows output features, at least 1
   * @param columns input features, at least 1
   * @param positions flat row-major positions, {@code row * columns + column}, strictly ascending
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or the positions do not ascend or lie outside the matrix
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
   * @param rows output features, at least 1
   * @param columns input features, at least 1
   * @param mask bit {@code row * columns + column} for each element
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or a bit lies outside the matrix
   */
  public static SparseMatrix ofMask(int rows, int columns, BitSet mask) {
    checkShape(rows, columns);
    return ofPositions(rows, columns, mask.stream().toArray());
  }

  /**
   * A matrix that keeps the positions whose byte is not zero, as in libtorch's bool tensors.
   *
   * @param rows output features, at least 1
   * @param columns input features, at least 1
   * @param mask [rows, columns], row-major
   * @throws IllegalArgumentException if a size is below 1, the matrix has more than {@link
   *     #MAX_ELEMENTS} elements, or the mask is not rows * columns bytes long
   */
  public static SparseMatrix ofMask(int rows, int columns, MemorySegment mask) {
    checkShape(rows, columns);
    requireBytes(mask, rows, columns);
    int size = rows * columns;
    int most = (int) Math.min((long) size + Long.BYTES, MAX_ELEMENTS);
    int[] positions = new int[1024];
    int kept = 0;
    for (int i = 0; i < size; i += Long.BYTES) {
      long bytes = eight(mask, i);
      if (bytes == 0) {
        continue; // most masks are mostly zeros
      }
      if (kept > positions.length - Long.BYTES && positions.length < most) {
        positions = Arrays.copyOf(positions, grown(positions.length, most));
      }
      for (long flags = highestOfNonzero(bytes); flags != 0; flags &= flags - 1) {
        positions[kept++] = i + Long.numberOfTrailingZeros(flags) / Byte.SIZE;
      }
    }
    return ofPositions(rows, columns, Arrays.copyOf(positions, kept));
  }

  /** Eight bytes, the first one lowest; zero past the end. */
  private static long eight(MemorySegment mask, int at) {
    if (at <= mask.byteSize() - Long.BYTES) {
      return mask.get(EIGHT_BYTES, at);
    }
    long bytes = 0;
    for (int i = at; i < mask.byteSize(); i++) {
      bytes |= (mask.get(ValueLayout.JAVA_BYTE, i) & 0xFFL) << (Byte.SIZE * (i - at));
    }
    return bytes;
  }

  /** The highest bit of each byte that is not zero. */
  private static long highestOfNonzero(long bytes) {
    return (((bytes & ~HIGHEST_BITS) + ~HIGHEST_BITS) | bytes) & HIGHEST_BITS;
  }

  /** The next length of an array that doubles up to a maximum. */
  static int grown(int length, int most) {
    return (int) Math.min(2L * length, most);
  }

  /** The number of output features. */
  public int rows() {
    return rows;
  }

  /** The number of input features. */
  public int columns() {
    return columns;
  }

  /** The number of kept weights, which is the length of the values. */
  public int kept() {
    return byRows.kept();
  }

  /** The size in bytes of the positions, by rows and by columns, without the values. */
  public long structureBytes() {
    return byRows.bytes() + byColumns.bytes() + permutation.byteSize();
  }

  /** The flat row-major position of each value, a new array [kept]. */
  public int[] positions() {
    int[] positions = new int[kept()];
    byRows.forEach((value, row, column) -> positions[value] = row * columns + column);
    return positions;
  }

  /**
   * Copies the kept elements of a dense matrix to the values.
   *
   * @param dense [rows, columns], row-major fp32
   * @param values [kept] fp32, overwritten
   * @throws IllegalArgumentException if a segment is not native memory of exactly that size
   */
  public void gather(MemorySegment dense, MemorySegment values) {
    ArgumentChecks.floats("dense", dense, (long) rows * columns);
    ArgumentChecks.floats("values", values, kept());
    byRows.forEach(
        (value, row, column) ->
            values.set(FLOAT, 4L * value, dense.get(FLOAT, 4L * ((long) row * columns + column))));
  }

  /**
   * Writes the values to a dense matrix, and zero everywhere else.
   *
   * @param values [kept] fp32
   * @param dense [rows, columns], row-major fp32, overwritten
   * @throws IllegalArgumentException if a segment is not native memory of exactly that size
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
   * Writes one byte per element, 1 where a weight is kept and 0 elsewhere, as in libtorch's bool
   * tensors.
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
   * The place of each value of this matrix among the values of another one.
   *
   * @param other a matrix of the same shape
   * @return [kept]: the index into the other one's values, or −1 for a weight that it does not keep
   * @throws IllegalArgumentException if the shapes differ
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
   * Verifies the invariants that the kernels rely on, by rows and by columns.
   *
   * @throws IllegalStateException naming the first invariant that is violated
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

  /** The address of [kept] 32-bit integers: the index of the value of each weight, by columns. */
  long permutation() {
    return permutation.address();
  }

  private void build(RowLists lists) {
    int[] source = new int[lists.kept()];
    CompletableFuture<int[]> columnsBuilt =
        CompletableFuture.supplyAsync(() -> byColumns.build(lists.transposed(source)));
    int[] order = byRows.build(lists);
    int[] valueOf = new int[order.length];
    for (int value = 0; value < order.length; value++) {
      valueOf[order[value]] = value;
    }
    int[] transposedOrder = columnsBuilt.join();
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
