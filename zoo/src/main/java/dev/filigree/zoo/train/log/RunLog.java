package dev.filigree.zoo.train.log;

import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.event.Unit;
import dev.filigree.zoo.train.event.WeightAges;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** A file that a run writes down what happens in. */
abstract class RunLog implements TrainingListener, AutoCloseable {
  /** Seconds of wall clock since the run began, pauses between stop and resume left out. */
  static final String WALL_SECONDS = "wall_seconds";

  static final String SPARSE_NORM = "grad_norm_sparse";
  static final String DENSE_NORM = "grad_norm_dense";

  /** The fraction of the sparse weights that existed, the mean over all steps. */
  static final String MEAN_DENSITY = "mean_density";

  /** Operations of training since the run began, of networks of matrices. */
  static final String FLOPS = "training_flops";

  final LogFile file;

  /** What the run is counted in. */
  final Unit unit;

  private final LongPredicate logged;
  private final RunClock clock;

  /**
   * @param logged the steps that are written down
   */
  RunLog(LogFile file, LongPredicate logged, Unit unit, RunClock clock) {
    this.file = file;
    this.unit = unit;
    this.logged = logged;
    this.clock = clock;
  }

  @Override
  public void onStep(StepMetrics metrics) {
    clock.stepped(metrics.step(), metrics.positions());
    if (logged.test(metrics.step())) {
      onLoggedStep(metrics);
    }
  }

  abstract void onLoggedStep(StepMetrics metrics);

  /** What a step measured, by the keys that it is written down under. */
  Map<String, @Nullable Object> row(StepMetrics metrics) {
    Map<String, @Nullable Object> row = row("train", metrics.step());
    row.put("loss", metrics.loss());
    row.put("lr", metrics.learningRate());
    row.put("grad_norm", metrics.gradientNorm());
    if (metrics.sparseGradientNorm() != null) {
      row.put(SPARSE_NORM, metrics.sparseGradientNorm());
    }
    if (metrics.denseGradientNorm() != null) {
      row.put(DENSE_NORM, metrics.denseGradientNorm());
    }
    row.put("sparsity", metrics.sparsity());
    if (metrics.meanDensity() != null) {
      row.put(MEAN_DENSITY, metrics.meanDensity());
    }
    row.put(unit.perSecond(), metrics.positionsPerSecond());
    row.put("step_seconds", metrics.stepSeconds());
    return row;
  }

  /** Ages by the keys that they are written down under. */
  static Map<String, Number> named(WeightAges ages) {
    var values = new LinkedHashMap<String, Number>();
    values.put("age_mean", ages.mean());
    values.put("age_p10", ages.p10());
    values.put("age_median", ages.median());
    values.put("age_p90", ages.p90());
    return values;
  }

  /** The beginning of each row: what happened, when, and how far the run was. */
  final Map<String, @Nullable Object> row(String event, long step) {
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("event", event);
    row.put("step", step);
    row.put(unit.plural(), clock.positions());
    Double seconds = clock.wallSeconds();
    if (seconds != null) {
      row.put(WALL_SECONDS, seconds);
    }
    Double flops = flops();
    if (flops != null) {
      row.put(FLOPS, flops);
    }
    return row;
  }

  final @Nullable Double flops() {
    return clock.flops();
  }

  /**
   * Syncs and closes the file.
   *
   * @throws TrainingException when it cannot be written
   */
  @Override
  public final void close() {
    file.close();
  }
}
