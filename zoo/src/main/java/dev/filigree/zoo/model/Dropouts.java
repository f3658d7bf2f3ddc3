package dev.filigree.zoo.model;

/**
 * The fractions of values that are set to zero while training.
 *
 * @param embedding rate on the input of the first layer
 * @param attention of the attention weights
 * @param residual rate on what each block adds to the residual stream
 */
public record Dropouts(double embedding, double attention, double residual) {
  public static final Dropouts NONE = new Dropouts(0, 0, 0);

  /**
   * @throws IllegalArgumentException for a rate outside [0, 1)
   */
  public Dropouts {
    for (double rate : new double[] {embedding, attention, residual}) {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException("a dropout rate must be in [0, 1), found " + rate);
      }
    }
  }
}
