package dev.filigree.bench;

import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What the machine's multiply-add units can do when nothing else holds them up. */
final class PeakRate {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 12; // enough for every latency and number of units
  private static final int STEPS = 2_000_000;
  private static final int ROUNDS = 8;

  private PeakRate() {}

  /** 10^9 floating-point operations a second with a number of threads: the best of some rounds. */
  static double measure(int threads) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      double sum =
          IntStream.range(0, threads)
              .mapToObj(i -> new Chains(1 + i))
              .map(Chains::started)
              .toList()
              .stream()
              .mapToDouble(Chains::result)
              .sum();
      double seconds = (System.nanoTime() - start) / 1e9;
      if (Double.isNaN(sum)) {
        throw new IllegalStateException("the sums are bounded"); // and so are computed
      }
      best = Math.max(best, 2e-9 * threads * S.length() * CHAINS * STEPS / seconds);
    }
    return best;
  }

  /** Independent chains of multiply-adds on one thread. */
  private static final class Chains extends Thread {
    private final float start;
    private double sum;

    Chains(float start) {
      this.start = start;
    }

    Chains started() {
      start();
      return this;
    }

    double result() {
      try {
        join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return sum;
    }

    @Override
    public void run() {
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
      sum = a0.add(a6).reduceLanes(jdk.incubator.vector.VectorOperators.ADD);
    }
  }
}
