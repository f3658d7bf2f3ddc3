package dev.filigree.zoo.report;

import java.util.Collection;

/**
 * The mean of what several seeds gave.
 *
 * @param count values; a NaN is none
 * @param mean NaN for no value
 * @param deviation the sample standard deviation, with n − 1; NaN for fewer than two values
 */
public record Estimate(int count, double mean, double deviation) {
  /** That of values, the NaN among them left out. */
  public static Estimate of(Collection<Double> values) {
    double[] known = values.stream().mapToDouble(v -> v).filter(v -> !Double.isNaN(v)).toArray();
    double sum = 0;
    for (double value : known) {
      sum += value;
    }
    double mean = known.length == 0 ? Double.NaN : sum / known.length;
    double squares = 0;
    for (double value : known) {
      squares += (value - mean) * (value - mean);
    }
    double deviation = known.length < 2 ? Double.NaN : Math.sqrt(squares / (known.length - 1));
    return new Estimate(known.length, mean, deviation);
  }

  /** Of the mean, deviation / √n; NaN for fewer than two values. */
  public double standardError() {
    return deviation / Math.sqrt(count);
  }

  /** Half the width of the 95 % interval of the mean by Student's t; NaN for fewer than two. */
  public double halfWidth() {
    return count < 2 ? Double.NaN : StudentT.twoSided95(count - 1) * standardError();
  }
}
