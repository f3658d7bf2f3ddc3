package dev.filigree.bench;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine's multiply-add units can do when nothing else holds them up. All threads compute
 * at once, each for {@link #NANOS}, and each counts its best stretch: starting threads, compiling
 * the loop and other programs then lower nothing.
 */
final class PeakRate {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;

  /** Two units with a latency of four or five need eight or ten at once. */
  private static final int CHAINS = 12;

  private static final int STEPS = 50_000; // a stretch: some tenths of a millisecond
  private static final long NANOS = 400_000_000;

  private PeakRate() {}

  /** A product made more than the peak, which therefore is none. */
  static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1;

    Exceeded(String message) {
      super(message);
    }
  }

  /** 10^9 floating-point operations a second with a number of threads. */
  static double measure(int threads) {
    var begin = new CountDownLatch(threads);
    var workers = new ArrayList<Worker>();
    for (int i = 0; i < threads; i++) {
      var worker = new Worker(begin);
      worker.start();
      workers.add(worker);
    }
    return workers.stream().mapToDouble(Worker::rate).sum();
  }

  /** One thread's chains of multiply-adds. */
  private static final class Worker extends Thread {
    private final CountDownLatch begin;
    private double rate;

    Worker(CountDownLatch begin) {
      this.begin = begin;
    }

    @Override
    public void run() {
      begin.countDown();
      float sum = 1;
      long first = System.nanoTime();
      for (long start = first; start - first < NANOS; ) {
        sum = chains(sum);
        long end = System.nanoTime();
        rate = Math.max(rate, 2.0 * S.length() * CHAINS * STEPS / Math.max(1, end - start));
        start = end;
      }
      if (Float.isNaN(sum)) {
        throw new IllegalStateException("the sums are bounded"); // and so are computed
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
