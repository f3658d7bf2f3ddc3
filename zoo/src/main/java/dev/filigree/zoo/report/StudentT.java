package dev.filigree.zoo.report;

/**
 * Quantiles of Student's t distribution: the table of the NIST/SEMATECH e-Handbook of Statistical
 * Methods, section 1.3.6.7.2.
 */
final class StudentT {
  /** At the probability 0.975, for 1 to 30 degrees of freedom. */
  private static final double[] TWO_SIDED_95 = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042
  };

  private StudentT() {}

  /**
   * What 95 % of the distribution lie within, on both sides of 0. Beyond 30 degrees of freedom that
   * of 30, which is at most 0.09 too large.
   *
   * @param freedom degrees of freedom, at least 1
   */
  static double twoSided95(int freedom) {
    return TWO_SIDED_95[Math.min(freedom, TWO_SIDED_95.length) - 1];
  }
}
