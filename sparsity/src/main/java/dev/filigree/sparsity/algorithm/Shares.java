package dev.filigree.sparsity.algorithm;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Divides a number of weights among parameters by their shares, none beyond its capacity. */
final class Shares {
  private Shares() {}

  /**
   * The counts of an update after which there are {@code total} weights: what a drop leaves, less
   * where that is more than the total, and a share of the others.
   *
   * @param left what the drop leaves of each parameter
   * @param shares of what grows
   */
  static List<Redistribution.Counts> regrow(
      long total, long[] left, double[] shares, List<? extends WeightView> weights) {
    double[] ofLeft = Arrays.stream(left).asDoubleStream().toArray();
    long[] few = divide(Math.min(total, Arrays.stream(left).sum()), ofLeft, left);
    long[] room =
        IntStream.range(0, few.length)
            .mapToLong(i -> weights.get(i).mask().numel() - few[i])
            .toArray();
    long[] grown = divide(total - Arrays.stream(few).sum(), shares, room);
    return IntStream.range(0, few.length)
        .mapToObj(i -> new Redistribution.Counts(few[i], few[i] + grown[i]))
        .toList();
  }

  /**
   * Whole numbers that add up to the total. What exceeds a parameter's capacity goes to the others
   * by their shares; where these have none, by capacity. Of fractions the largest are rounded up,
   * the first among equals.
   *
   * @param shares not negative; what is not finite counts as none
   * @throws IllegalArgumentException when the total exceeds all capacity
   */
  static long[] divide(long total, double[] shares, long[] capacity) {
    long free = Arrays.stream(capacity).sum();
    if (total < 0 || total > free) {
      throw new IllegalArgumentException(
          "%d weights do not fit where there is room for %d".formatted(total, free));
    }
    var given = new long[shares.length];
    double[] wanting =
        Arrays.stream(shares)
            .map(share -> share > 0 && Double.isFinite(share) ? share : 0)
            .toArray();
    long rest = total;
    while (rest > 0) {
      double sum = sumOfOpen(wanting, given, capacity);
      if (sum == 0) {
        wanting = Arrays.stream(capacity).asDoubleStream().toArray();
        sum = sumOfOpen(wanting, given, capacity);
      }
      long[] more = round(rest, wanting, sum, given, capacity);
      for (int i = 0; i < given.length; i++) {
        more[i] = Math.min(more[i], capacity[i] - given[i]);
        given[i] += more[i];
        rest -= more[i];
      }
    }
    return given;
  }

  private static double sumOfOpen(double[] shares, long[] given, long[] capacity) {
    return IntStream.range(0, shares.length)
        .filter(i -> given[i] < capacity[i])
        .mapToDouble(i -> shares[i])
        .sum();
  }

  /** Of parameters that are not full: the whole numbers nearest to their shares of the rest. */
  private static long[] round(
      long rest, double[] shares, double sum, long[] given, long[] capacity) {
    var exact = new double[shares.length];
    var rounded = new long[shares.length];
    for (int i = 0; i < exact.length; i++) {
      exact[i] = given[i] < capacity[i] ? rest * (shares[i] / sum) : 0;
      rounded[i] = (long) exact[i];
    }
    long missing = rest - Arrays.stream(rounded).sum();
    IntStream.range(0, exact.length)
        .boxed()
        .filter(i -> exact[i] > 0)
        .sorted(Comparator.comparingDouble(i -> rounded[i] - exact[i]))
        .limit(Math.max(0, missing))
        .forEach(i -> rounded[i]++);
    return rounded;
  }
}
