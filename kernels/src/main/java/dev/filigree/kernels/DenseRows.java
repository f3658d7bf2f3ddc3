package dev.filigree.kernels;

import java.lang.foreign.MemorySegment;

/** Computes a few rows of a dense matrix at a time, such as a gradient that is never held whole. */
@FunctionalInterface
public interface DenseRows {
  /**
   * Computes rows.
   *
   * @param firstRow the first row wanted
   * @param rows how many
   * @param target [rows, columns], row-major fp32, to be overwritten
   */
  void compute(int firstRow, int rows, MemorySegment target);
}
