package dev.filigree.kernels.loops;

/**
 * The loops over one block of a sparse matrix and one tile of tokens. Arguments are raw addresses
 * and are not checked here; {@link dev.filigree.kernels.SparseKernels} checks them.
 *
 * <p>A tile holds {@code width} tokens, {@link #WIDE}, {@link #NARROW} or {@link #FEW}, feature by
 * feature: {@code [features][width]} floats, aligned to 64 bytes. A block is a list of buckets,
 * pairs {@code (count, rows)} in {@code buckets[from, to)}: {@code rows} rows that keep {@code
 * count} weights each. The 16-bit numbers of those rows lie at {@code rowIds}, the 16-bit columns
 * of their weights at {@code columns}, both in the order of the buckets. Rows of equal count follow
 * each other, so that the end of the inner loop is well predicted.
 */
public interface BlockKernels {
  /** Tokens in a full tile. */
  int WIDE = 64;

  /** Tokens in the tile of a short remainder. */
  int NARROW = 32;

  /** Tokens in the tile of a network that writes: there is one at a time, or a beam of some. */
  int FEW = 8;

  /** How many entries {@link #gradient} may read past the end of a block's columns. */
  int OVERREAD = 8;

  /** The provider's name and vector width, as {@code panama-512} or {@code scalar}. */
  String name();

  /**
   * Transposes {@code tokens} rows of a row-major matrix into a tile; missing tokens become zero.
   *
   * @param source the first of the rows, {@code stride} floats apart
   * @param features the number of columns to take
   * @param tile {@code [features][width]}
   */
  void pack(long source, int stride, int tokens, int features, long tile, int width);

  /** The inverse of {@link #pack}: writes {@code tokens} rows of a row-major matrix. */
  void unpack(long tile, int width, int features, int tokens, long target, int stride);

  /** Sets each row of a tile to its bias, or to zero where {@code bias} is the address 0. */
  void fill(long tile, int rows, int width, long bias);

  /**
   * Adds block × tile to a tile: y[row] += Σ value · x[column].
   *
   * @param values the block's values, in the order of its columns
   * @param x the tile of the block's columns, {@code [columns][width]}
   * @param y the tile of the block's rows, {@code [rows][width]}
   */
  void multiply(
      int[] buckets,
      int from,
      int to,
      long rowIds,
      long columns,
      long values,
      long x,
      long y,
      int width);

  /**
   * Adds dot products over the tokens of one or two tiles to the gradients of a block's weights:
   * gradient(row, column) += y[row] · x[column].
   *
   * @param gradient the block's gradients, in the order of its columns
   * @param nextX bytes from a row of x to that of the second tile, which is as wide; 0 for one tile
   * @param nextY the same for y
   */
  void gradient(
      int[] buckets,
      int from,
      int to,
      long rowIds,
      long columns,
      long gradient,
      long x,
      long y,
      int width,
      long nextX,
      long nextY);
}
