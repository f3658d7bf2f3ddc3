package dev.filigree.kernels;

import static dev.filigree.kernels.loops.Memory.CHAR;

import dev.filigree.kernels.loops.BlockKernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A matrix of kept weights cut into blocks, in the order in which the loops read it.
 *
 * <p>A block is {@code rowBlock} rows by {@code panelWidth} columns: the columns' tile of x stays
 * in the first-level cache, the rows' tile of y in the second. Blocks follow each other panel by
 * panel within a block of rows. Within a block rows are ordered by how many weights they keep, most
 * first, equal counts by row; within a row weights are ordered by column. Rows that keep nothing do
 * not appear. Columns and rows are stored as 16-bit numbers within their block.
 */
final class Panels {
  /**
   * The widest panel; a packed tile has this many spare columns, for reads past the end of a short
   * row.
   */
  static final int MAX_WIDTH = 512;

  private static final int MIN_WIDTH = 64;

  /**
   * The least number of kept weights per row and panel to aim for, so that a row's fixed costs are
   * small.
   */
  private static final int WEIGHTS_A_ROW = 20;

  private static final int ROW_BLOCK = 256;

  private int rows;
  private int columns;
  private int kept;
  private int panelWidth = MIN_WIDTH;
  private int panels;
  private int rowBlocks;
  private int[] buckets = {}; // pairs (kept weights a row, rows), block after block
  private int[] bucketStart = {0}; // [blocks + 1], into buckets
  private int[] rowStart = {0}; // [blocks + 1], into rowIds
  private int[] valueStart = {0}; // [blocks + 1], into the values
  private final NativeBuffer rowIds = new NativeBuffer();
  private final NativeBuffer columnIds = new NativeBuffer();

  /**
   * Rebuilds the structure from new positions.
   *
   * @return [kept]: for each value, in this structure's order, its place in the lists
   */
  int[] build(RowLists lists) {
    rows = lists.rows();
    columns = lists.columns();
    kept = lists.kept();
    panelWidth = panelWidth((double) kept / rows / columns);
    var across = new Pieces(columns, panelWidth);
    var down = new Pieces(rows, ROW_BLOCK);
    panels = across.count();
    rowBlocks = down.count();
    bucketStart = new int[blocks() + 1];
    rowStart = new int[blocks() + 1];
    valueStart = new int[blocks() + 1];
    MemorySegment columnIds = this.columnIds.reserve(2L * kept + 2L * BlockKernels.OVERREAD);
    columnIds.asSlice(2L * kept, 2L * BlockKernels.OVERREAD).fill((byte) 0);
    MemorySegment rowIds = this.rowIds.reserve(2L * Math.min((long) rows * panels, kept));

    int[] order = new int[kept];
    int[] next =
        lists.starts().clone(); // a row's first position to the right of the finished panels
    int[] counts = new int[ROW_BLOCK];
    int[] sorted = new int[ROW_BLOCK];
    int[] ofCount = new int[panelWidth + 2];
    int[] pairs = new int[1024];
    int bucket = 0;
    int row = 0;
    int value = 0;
    for (int block = 0; block < blocks(); block++) {
      int firstRow = down.start(block / panels);
      int height = down.length(block / panels);
      int firstColumn = across.start(block % panels);
      int endColumn = across.end(block % panels);
      Arrays.fill(ofCount, 0);
      for (int r = 0; r < height; r++) {
        int end = next[firstRow + r];
        while (end < lists.starts()[firstRow + r + 1] && lists.columnOf()[end] < endColumn) {
          end++;
        }
        counts[r] = end - next[firstRow + r];
        ofCount[panelWidth - counts[r] + 1]++;
      }
      for (int count = panelWidth; count > 0; count--) {
        int number = ofCount[panelWidth - count + 1];
        if (number > 0) {
          if (bucket == pairs.length) {
            pairs = Arrays.copyOf(pairs, 2 * pairs.length);
          }
          pairs[bucket++] = count;
          pairs[bucket++] = number;
        }
      }
      for (int i = 1; i < ofCount.length; i++) {
        ofCount[i] += ofCount[i - 1];
      }
      for (int r = 0; r < height; r++) {
        sorted[ofCount[panelWidth - counts[r]]++] = r;
      }
      for (int i = 0; i < height && counts[sorted[i]] > 0; i++) {
        int r = sorted[i];
        rowIds.set(CHAR, 2L * row++, (char) r);
        for (int end = next[firstRow + r] + counts[r]; next[firstRow + r] < end; ) {
          int from = next[firstRow + r]++;
          columnIds.set(CHAR, 2L * value, (char) (lists.columnOf()[from] - firstColumn));
          order[value++] = from;
        }
      }
      bucketStart[block + 1] = bucket;
      rowStart[block + 1] = row;
      valueStart[block + 1] = value;
    }
    buckets = Arrays.copyOf(pairs, bucket);
    return order;
  }

  /** Receives a position, in the order of the values. */
  @FunctionalInterface
  interface Visitor {
    void visit(int value, int row, int column);
  }

  void forEach(Visitor visitor) {
    int value = 0;
    for (int block = 0; block < blocks(); block++) {
      int firstRow = block / panels * ROW_BLOCK;
      int firstColumn = block % panels * panelWidth;
      int rowAt = rowStart[block];
      for (int bucket = bucketStart[block]; bucket < bucketStart[block + 1]; bucket += 2) {
        for (int i = 0; i < buckets[bucket + 1]; i++) {
          int row = firstRow + rowIds.segment().get(CHAR, 2L * rowAt++);
          for (int k = 0; k < buckets[bucket]; k++) {
            int column = firstColumn + columnIds.segment().get(CHAR, 2L * value);
            visitor.visit(value++, row, column);
          }
        }
      }
    }
  }

  /**
   * Verifies the invariants that the loops rely on.
   *
   * @throws IllegalStateException naming the first invariant that is violated
   */
  void check() {
    require(bucketStart[blocks()] == buckets.length, "the last block ends at the last bucket");
    require(valueStart[blocks()] == kept, "the blocks hold all kept weights");
    for (int block = 0; block < blocks(); block++) {
      int height = Math.min(ROW_BLOCK, rows - block / panels * ROW_BLOCK);
      int width = Math.min(panelWidth, columns - block % panels * panelWidth);
      boolean[] seen = new boolean[height];
      int previousCount = Integer.MAX_VALUE;
      int row = rowStart[block];
      int value = valueStart[block];
      for (int bucket = bucketStart[block]; bucket < bucketStart[block + 1]; bucket += 2) {
        int count = buckets[bucket];
        require(count > 0 && count < previousCount, "counts fall from bucket to bucket");
        previousCount = count;
        for (int i = 0; i < buckets[bucket + 1]; i++) {
          int id = rowIds.segment().get(CHAR, 2L * row++);
          require(id < height && !seen[id], "a row lies in its block, once");
          seen[id] = true;
          int previous = -1;
          for (int k = 0; k < count; k++) {
            int column = columnIds.segment().get(CHAR, 2L * value++);
            require(column > previous && column < width, "columns ascend within their panel");
            previous = column;
          }
        }
      }
      require(row == rowStart[block + 1], "a block's buckets cover its rows");
      require(value == valueStart[block + 1], "a block's buckets cover its weights");
    }
  }

  static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(
          "the sparse matrix is corrupt; it does not hold that " + what);
    }
  }

  private static int panelWidth(double density) {
    int width = MIN_WIDTH;
    while (width < MAX_WIDTH && width * density < WEIGHTS_A_ROW) {
      width *= 2;
    }
    return width;
  }

  int rows() {
    return rows;
  }

  int kept() {
    return kept;
  }

  int panelWidth() {
    return panelWidth;
  }

  int panels() {
    return panels;
  }

  int rowBlocks() {
    return rowBlocks;
  }

  int rowBlock() {
    return ROW_BLOCK;
  }

  private int blocks() {
    return panels * rowBlocks;
  }

  int[] buckets() {
    return buckets;
  }

  int bucketStart(int block) {
    return bucketStart[block];
  }

  int valueStart(int block) {
    return valueStart[block];
  }

  /** The address of a block's row numbers. */
  long rowIds(int block) {
    return rowIds.address() + 2L * rowStart[block];
  }

  /** The address of a block's column numbers. */
  long columnIds(int block) {
    return columnIds.address() + 2L * valueStart[block];
  }

  /** The size of the structure in bytes. */
  long bytes() {
    return rowIds.byteSize()
        + columnIds.byteSize()
        + 4L * (buckets.length + bucketStart.length + rowStart.length + valueStart.length);
  }
}
