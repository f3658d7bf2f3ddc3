package dev.filigree.sparsity;

/**
 * What a mask update did to one parameter.
 *
 * @param step optimizer steps finished
 * @param parameter the parameter's name
 * @param dropped weights that existed before and no longer do
 * @param grown weights that exist now and did not before
 * @param kept weights that exist now, counted
 * @param size elements of the parameter
 * @param targetSparsity the scheduled sparsity of this step, a fraction
 */
public record MaskUpdate(
    long step,
    String parameter,
    long dropped,
    long grown,
    long kept,
    long size,
    double targetSparsity) {
  /** The counted sparsity, a fraction. */
  public double sparsity() {
    return 1 - (double) kept / size;
  }
}
