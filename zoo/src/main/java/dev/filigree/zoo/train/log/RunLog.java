package dev.filigree.zoo.train.log;

import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.event.Unit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** A file that a run writes down what happens in. */
abstract class RunLog implements TrainingListener, AutoCloseable {
  /** Seconds of wall clock since the run began, pauses between stop and resume left out. */
  static final String WALL_SECONDS = "wall_seconds";

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
    clock.stepped(metrics.positions());
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
    row.put("sparsity", metrics.sparsity());
    row.put(unit.perSecond(), metrics.positionsPerSecond());
    row.put("step_seconds", metrics.stepSeconds());
    return row;
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
    return row;
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
