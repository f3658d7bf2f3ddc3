package dev.filigree.mask;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * How many weights a rate leaves, counted exactly.
 *
 * <p>A rate is the decimal number that it prints as: 0.8 of 10 keeps 2. In binary floating point (1
 * − 0.8)·10 is less than 2, and its floor loses a weight.
 */
public final class Counting {
  private Counting() {}

  /**
   * The weights that a sparsity leaves: floor((1 − sparsity)·n).
   *
   * @param n elements that compete
   * @param sparsity fraction of them that is zero, in [0, 1]
   * @throws IllegalArgumentException when the sparsity is outside [0, 1] or n is negative
   */
  public static long kept(long n, double sparsity) {
    return remainder(n, sparsity, "sparsity");
  }

  /**
   * The sparsity of a mask, as a number that {@link #kept} turns into the same mask's count.
   *
   * @param n elements
   * @param kept of them that exist, 0 to n
   * @throws IllegalArgumentException when there are not so many
   */
  public static double sparsity(long n, long kept) {
    if (kept < 0 || kept > n) {
      throw new IllegalArgumentException(kept + " of " + n + " weights cannot exist");
    }
    double sparsity = n == 0 ? 0 : (double) (n - kept) / n;
    // Rounded up, the fraction would keep one weight less.
    return kept(n, sparsity) < kept ? Math.nextDown(sparsity) : sparsity;
  }

  /**
   * The least number of zeros that a sparsity requires: floor(sparsity·n).
   *
   * @throws IllegalArgumentException when the sparsity is outside [0, 1] or n is negative
   */
  static long zeros(long n, double sparsity) {
    return floor(n, decimal(sparsity, "sparsity"));
  }

  /**
   * The weights that are left after a drop: floor((1 − dropFraction)·active).
   *
   * @param active weights that exist
   * @param dropFraction fraction of them that goes, in [0, 1]
   * @throws IllegalArgumentException when the fraction is outside [0, 1] or active is negative
   */
  public static long afterDrop(long active, double dropFraction) {
    return remainder(active, dropFraction, "drop fraction");
  }

  private static long remainder(long n, double rate, String name) {
    return floor(n, BigDecimal.ONE.subtract(decimal(rate, name)));
  }

  private static BigDecimal decimal(double rate, String name) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new IllegalArgumentException("a " + name + " lies in [0, 1], found " + rate);
    }
    return BigDecimal.valueOf(rate);
  }

  private static long floor(long n, BigDecimal rate) {
    if (n < 0) {
      throw new IllegalArgumentException("a number of weights is not negative, found " + n);
    }
    return rate.multiply(BigDecimal.valueOf(n)).setScale(0, RoundingMode.FLOOR).longValueExact();
  }
}
