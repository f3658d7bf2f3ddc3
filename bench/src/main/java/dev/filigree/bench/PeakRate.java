package dev.filigree.bench;

import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongToDoubleFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine's multiply-add units can do when nothing else holds them up: the most that was
 * ever measured. All threads compute at once and each counts its best stretch, so that starting
 * threads, compiling the loop and other programs lower nothing. Where a product makes more all the
 * same, it is measured again, and only then is it no peak.
 */
final class PeakRate {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;

  /** Two units with a latency of four or five need eight or ten at once. */
  private static final int CHAINS = 12;

  /** A stretch: some hundredths of a millisecond, so that it is called and compiled often. */
  private static final int STEPS = 5_000;

  private static final long FIRST_NANOS = 400_000_000;
  private static final long AGAIN_NANOS = 10_000_000;
  private static final int ATTEMPTS = 5;

  private final LongToDoubleFunction measurement;
  private double gflops;

  /** Measures the rate of a number of threads. */
  PeakRate(int threads) {
    this(nanos -> measure(threads, nanos));
  }

  /**
   * With another measurement.
   *
   * @param measurement 10^9 operations a second, from so many nanoseconds
   */
  PeakRate(LongToDoubleFunction measurement) {
    this.measurement = measurement;
    gflops = measurement.applyAsDouble(FIRST_NANOS);
  }

  /** A product made more than the peak, which therefore is none. */
  static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1;

    Exceeded(String message) {
      super(message);
    }
  }

  /** The most 10^9 floating-point operations a second until now. */
  double gflops() {
    return gflops;
  }

  /** A short measurement more. */
  void measureAgain() {
    gflops = Math.max(gflops, measurement.applyAsDouble(AGAIN_NANOS));
  }

  /**
   * The share of the peak.
   *
   * @param sparse GFLOP/s of the sparse product
   * @param dense GFLOP/s of the dense product
   * @throws Exceeded if either stays above the peak however often that is measured
   */
  double share(double sparse, double dense) {
    double most = Math.max(sparse, dense);
    for (int attempt = 0; most > gflops && attempt < ATTEMPTS; attempt++) {
      gflops = Math.max(gflops, measurement.applyAsDouble(FIRST_NANOS));
    }
    if (most > gflops) {
      throw new Exceeded(
          String.format(
              Locale.ROOT,
              "a product made %.0f GFLOP/s, more than the %.0f measured as the machine's peak in"
                  + " %d attempts: other programs ran meanwhile, measure again when they are done",
              most,
              gflops,
              1 + ATTEMPTS));
    }
    return sparse / gflops;
  }

  private static double measure(int threads, long nanos) {
    var begin = new CountDownLatch(threads);
    var workers = new ArrayList<Worker>();
    for (int i = 0; i < threads; i++) {
      var worker = new Worker(begin, nanos);
      worker.start();
      workers.add(worker);
    }
    return workers.stream().mapToDouble(Worker::rate).sum();
  }

  /** One thread's chains of multiply-adds. */
  private static final class Worker extends Thread {
    private final CountDownLatch begin;
    private final long nanos;
    private double rate;

    Worker(CountDownLatch begin, long nanos) {
      this.begin = begin;
      this.nanos = nanos;
    }

    @Override
    public void run() {
      awaitAll();
      float sum = 1;
      long first = System.nanoTime();
      for (long start = first; start - first < nanos; ) {
        sum = chains(sum);
        long end = System.nanoTime();
        rate = Math.max(rate, 2.0 * S.length() * CHAINS * STEPS / Math.max(1, end - start));
        start = end;
      }
      if (Float.isNaN(sum)) {
        throw new IllegalStateException("the sums are bounded"); // and so are computed
      }
    }

    private void awaitAll() {
      begin.countDown();
      try {
        begin.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    double rate() {
      try {
        join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return rate;
    }
  }

  /** A method of its own that is called often, so that the compiler takes it as a whole. */
  private static float chains(float start) {
    FloatVector half = FloatVector.broadcast(S, 0.5f);
    FloatVector a0 = FloatVector.broadcast(S, start);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector a4 = a0;
    FloatVector a5 = a0;
    FloatVector a6 = a0;
    FloatVector a7 = a0;
    FloatVector a8 = a0;
    FloatVector a9 = a0;
    FloatVector a10 = a0;
    FloatVector a11 = a0;
    for (int i = 0; i < STEPS; i++) {
      a0 = a0.fma(half, half);
      a1 = a1.fma(half, half);
      a2 = a2.fma(half, half);
      a3 = a3.fma(half, half);
      a4 = a4.fma(half, half);
      a5 = a5.fma(half, half);
      a6 = a6.fma(half, half);
      a7 = a7.fma(half, half);
      a8 = a8.fma(half, half);
      a9 = a9.fma(half, half);
      a10 = a10.fma(half, half);
      a11 = a11.fma(half, half);
    }
    a0 = a0.add(a1).add(a2).add(a3).add(a4).add(a5);
    a6 = a6.add(a7).add(a8).add(a9).add(a10).add(a11);
    return a0.add(a6).reduceLanes(VectorOperators.ADD) / (CHAINS * S.length());
  }
}
