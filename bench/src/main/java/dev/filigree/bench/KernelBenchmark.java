package dev.filigree.bench;

import dev.filigree.bench.KernelRow.Kernel;
import dev.filigree.bench.KernelSettings.Shape;
import dev.filigree.kernels.SparseKernels;
import java.util.Locale;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/**
 * The three products of linear layers, sparse against dense. Every round times both once, in one
 * process; the shortest of the rounds counts on both sides, since whatever else a machine does only
 * ever adds.
 */
final class KernelBenchmark {
  /** Rounds of the sparse products, after which the JVM has compiled their loops. */
  private static final int WARM_UP = 12;

  private final KernelSettings settings;
  private final Consumer<String> progress;

  KernelBenchmark(KernelSettings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /** Measures everything; a row for each product, shape and sparsity, as soon as it is measured. */
  void run(Consumer<KernelRow> rows) {
    try (var kernels = SparseKernels.withThreads(torch.get_num_threads())) {
      var peak = new PeakRate(kernels.threads());
      progress.accept(
          String.format(
              Locale.ROOT,
              "%s, %d threads, %.0f GFLOP/s of multiply-adds from registers",
              kernels.provider(),
              kernels.threads(),
              peak.gflops()));
      for (Shape shape : settings.shapes()) {
        for (double sparsity : settings.sparsities()) {
          measure(kernels, shape, sparsity, peak, rows);
        }
      }
    }
  }

  private void measure(
      SparseKernels kernels,
      Shape shape,
      double sparsity,
      PeakRate peak,
      Consumer<KernelRow> rows) {
    try (var _ = new PointerScope();
        var sparse = new TimedProducts(kernels, shape, sparsity)) {
      var dense = new DenseProducts(shape);
      for (int i = 0; i < WARM_UP; i++) {
        sparse.round();
      }
      dense.round();
      sparse.forget();
      dense.forget();
      for (int i = 0; i < settings.rounds(); i++) {
        dense.round();
        sparse.round();
        sparse.round(); // the first one may find the caches and threads as the dense ones left them
        peak.measureAgain(); // in turns with the products, so that a busy machine meets both
      }
      for (Kernel kernel : Kernel.values()) {
        double seconds = sparse.seconds(kernel);
        double gflops = 2e-9 * sparse.kept() * shape.tokens() / seconds;
        DenseProducts.Best best = dense.best(kernel);
        rows.accept(
            new KernelRow(
                kernel,
                shape.tokens(),
                shape.in(),
                shape.out(),
                sparsity,
                1e3 * seconds,
                gflops,
                1e3 * best.seconds(),
                best.engine(),
                best.seconds() / seconds,
                peak.share(gflops, denseGflops(shape, best))));
      }
    }
  }

  private static double denseGflops(Shape shape, DenseProducts.Best best) {
    return 2e-9 * shape.tokens() * shape.in() * shape.out() / best.seconds();
  }
}
