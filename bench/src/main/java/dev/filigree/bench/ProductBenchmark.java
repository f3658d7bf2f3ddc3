package dev.filigree.bench;

import dev.filigree.bench.KernelSettings.Shape;
import dev.filigree.kernels.SparseKernels;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The inner loops on one thread: the three products of a layer that fits the caches. Give {@code
 * -jvmArgsAppend -Dfiligree.kernels.bits=256} for other vectors. Run it with {@code java ...
 * org.openjdk.jmh.Main ProductBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector"})
public class ProductBenchmark {
  /** Fraction of missing weights. */
  @Param({"0.5", "0.8", "0.9", "0.95"})
  public double sparsity;

  private final SparseKernels kernels = SparseKernels.withThreads(1);
  private TimedProducts products = new TimedProducts(kernels, new Shape(1, 1, 1), 0);

  /** Draws the layer. */
  @Setup(Level.Trial)
  public void draw() {
    products.close();
    products = new TimedProducts(kernels, new Shape(256, 512, 512), sparsity);
  }

  /** Frees it. */
  @TearDown(Level.Trial)
  public void free() {
    products.close();
    kernels.close();
  }

  /** Pack, forward, pack, input gradient, weight gradient. */
  @Benchmark
  public void products() {
    products.round();
  }
}
