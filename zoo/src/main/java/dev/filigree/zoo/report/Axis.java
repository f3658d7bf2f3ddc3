package dev.filigree.zoo.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** A linear axis: a range of values onto a range of pixels, with ticks at round numbers. */
record Axis(double low, double high, double from, double to, List<Double> ticks) {

  /**
   * Covers the finite values among those given, widened to round numbers.
   *
   * @param from pixel of the lowest value
   * @param to pixel of the highest value
   */
  static Axis rounded(DoubleStream values, double from, double to, int ticks) {
    double[] range = range(values);
    double step = roundStep((range[1] - range[0]) / ticks);
    return of(
        Math.floor(range[0] / step + 1e-9) * step,
        Math.ceil(range[1] / step - 1e-9) * step,
        step,
        from,
        to);
  }

  /** Covers exactly the finite values among those given. */
  static Axis exact(DoubleStream values, double from, double to, int ticks) {
    double[] range = range(values);
    return of(range[0], range[1], roundStep((range[1] - range[0]) / ticks), from, to);
  }

  double pixel(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  private static Axis of(double low, double high, double step, double from, double to) {
    var ticks = new ArrayList<Double>();
    for (double i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      ticks.add(i * step + 0.0); // no negative zero
    }
    return new Axis(low, high, from, to, ticks);
  }

  private static double[] range(DoubleStream values) {
    var statistics = values.filter(Double::isFinite).summaryStatistics();
    if (statistics.getCount() == 0) {
      return new double[] {0, 1};
    }
    double low = statistics.getMin();
    double high = statistics.getMax();
    if (high > low) {
      return new double[] {low, high};
    }
    double margin = low == 0 ? 0.5 : Math.abs(low) * 0.1;
    return new double[] {low - margin, high + margin};
  }

  /** The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below the size. */
  private static double roundStep(double size) {
    double power = Math.pow(10, Math.floor(Math.log10(size)));
    return DoubleStream.of(1, 2, 2.5, 5, 10)
            .filter(factor -> factor * power >= size * (1 - 1e-9))
            .findFirst()
            .orElse(10)
        * power;
  }
}
