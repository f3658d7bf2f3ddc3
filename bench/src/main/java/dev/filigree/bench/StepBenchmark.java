package dev.filigree.bench;

import dev.filigree.bench.Sections.Section;
import dev.filigree.sparsity.Execution;
import dev.filigree.torch.Processor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whole training steps of Llama models, dense, masked and compressed: forward, loss, backward,
 * clipping at norm 1, AdamW; sparse models change their masks by RigL.
 *
 * <p>A sparse model and the dense one make their steps in turns in the same process, so that what
 * else the machine does meets both; figures are medians. The dense one multiplies with the faster
 * of OpenBLAS and oneDNN. Where the processor has units for bfloat16, a dense model that computes
 * in it makes its steps in turns with them too.
 */
final class StepBenchmark {
  private static final int WARM_UP = 2;

  /** In a sparse case every so many steps end with a mask update; the others are the plain ones. */
  private static final int UPDATE_EVERY = 4;

  private final StepSettings settings;
  private final Consumer<String> progress;
  private final Sections sections = new Sections();

  StepBenchmark(StepSettings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /** Measures everything; a row for each case, as soon as it is measured. */
  void run(Consumer<StepRow> rows) {
    for (long width : settings.widths()) {
      run(settings.workload(width), rows);
    }
  }

  private void run(StepWorkload workload, Consumer<StepRow> rows) {
    try (var dense = new StepCase(workload, null, 0, UPDATE_EVERY);
        @Nullable StepCase bfloat16 =
            Processor.current().multipliesBfloat16() ? StepCase.bfloat16(workload) : null) {
      progress.accept(workload + ", dense");
      var denseSeconds = new ArrayList<Double>();
      DenseEngine engine = fasterEngine(dense, denseSeconds);
      double seconds = median(denseSeconds);
      if (bfloat16 == null) {
        var times = new Times(seconds, seconds, null, null);
        rows.accept(row(workload, null, 0, dense, engine, times));
      } else {
        time(bfloat16, WARM_UP);
        double inBfloat16 = median(time(bfloat16, settings.rounds()));
        var times = new Times(seconds, seconds, inBfloat16, null);
        rows.accept(row(workload, null, 0, dense, engine, times));
        times = new Times(inBfloat16, seconds, inBfloat16, null);
        rows.accept(row(workload, null, 0, bfloat16, engine, times));
      }
      var rivals = new Rivals(dense, engine, bfloat16);
      for (Execution execution : settings.executions()) {
        for (double sparsity : settings.sparsities()) {
          progress.accept("%s, %s, sparsity %s".formatted(workload, label(execution), sparsity));
          rows.accept(compare(workload, rivals, execution, sparsity));
        }
      }
    }
  }

  /** The dense models that sparse ones make their steps in turns with. */
  private record Rivals(StepCase dense, DenseEngine engine, @Nullable StepCase bfloat16) {}

  /** Medians of seconds: of the step, of the dense ones beside it, and what an update adds. */
  private record Times(
      double step, double dense, @Nullable Double bfloat16, @Nullable Double update) {}

  private static String label(@Nullable Execution execution) {
    return execution == null ? "dense" : execution.name().toLowerCase(Locale.ROOT);
  }

  /** Lets the dense model use the faster engine from now on; its times are in {@code seconds}. */
  private DenseEngine fasterEngine(StepCase dense, List<Double> seconds) {
    DenseEngine best = DenseEngine.OPENBLAS;
    for (DenseEngine engine : DenseEngine.values()) {
      engine.use(dense.model());
      time(dense, WARM_UP);
      List<Double> times = time(dense, settings.rounds());
      if (seconds.isEmpty() || median(times) < median(seconds)) {
        seconds.clear();
        seconds.addAll(times);
        best = engine;
      }
    }
    best.use(dense.model());
    return best;
  }

  private StepRow compare(
      StepWorkload workload, Rivals rivals, Execution execution, double sparsity) {
    try (var sparse = new StepCase(workload, execution, sparsity, UPDATE_EVERY)) {
      time(sparse, UPDATE_EVERY); // ends with an update: a round of plain steps begins
      var plain = new ArrayList<Double>();
      var updates = new ArrayList<Double>();
      var denseSeconds = new ArrayList<Double>();
      var bfloat16Seconds = new ArrayList<Double>();
      while (plain.size() < settings.rounds()) {
        for (int i = 1; i < UPDATE_EVERY; i++) {
          denseSeconds.addAll(time(rivals.dense(), 1));
          if (rivals.bfloat16() != null) {
            bfloat16Seconds.addAll(time(rivals.bfloat16(), 1));
          }
          plain.addAll(time(sparse, 1));
        }
        updates.addAll(time(sparse, 1));
      }
      var times =
          new Times(
              median(plain),
              median(denseSeconds),
              bfloat16Seconds.isEmpty() ? null : median(bfloat16Seconds),
              Math.max(0, median(updates) - median(plain)));
      return row(workload, execution, sparsity, sparse, rivals.engine(), times);
    }
  }

  private StepRow row(
      StepWorkload workload,
      @Nullable Execution execution,
      double sparsity,
      StepCase training,
      DenseEngine engine,
      Times times) {
    double seconds = times.step();
    Double update = times.update();
    sections.attach(training.model());
    training.step(sections);
    sections.reset();
    training.step(sections);
    sections.detach(training.model());
    Optional<ResidentMemory.Peak> peak =
        settings.memory() && training.precision().equals("float32")
            ? ResidentMemory.of(workload, execution, sparsity)
            : Optional.empty();
    return new StepRow(
        workload.toString(),
        workload.model().parameterCount(),
        workload.tokens(),
        label(execution),
        training.precision(),
        sparsity,
        seconds,
        workload.tokens() / seconds,
        times.dense() / seconds,
        times.bfloat16() == null ? null : times.bfloat16() / seconds,
        engine.label(),
        peak.map(ResidentMemory.Peak::training).orElse(null),
        peak.map(ResidentMemory.Peak::start).orElse(null),
        sections.seconds(Section.LINEAR),
        sections.seconds(Section.ATTENTION),
        sections.seconds(Section.HEAD),
        sections.seconds(Section.OPTIMIZER),
        sections.seconds(Section.REST),
        update,
        update == null ? null : update / (StepCase.UPDATE_EVERY * seconds + update));
  }

  /** Seconds of each of so many steps. */
  private List<Double> time(StepCase training, int steps) {
    var seconds = new Double[steps];
    for (int i = 0; i < steps; i++) {
      long start = System.nanoTime();
      training.step(sections);
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    return Arrays.asList(seconds);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
