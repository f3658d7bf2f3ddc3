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
  final LogFile file;

  /** What the run is counted in. */
  final Unit unit;

  private final LongPredicate logged;

  /**
   * @param logged the steps that are written down
   */
  RunLog(LogFile file, LongPredicate logged, Unit unit) {
    this.file = file;
    this.unit = unit;
    this.logged = logged;
  }

  @Override
  public final void onStep(StepMetrics metrics) {
    if (logged.test(metrics.step())) {
      onLoggedStep(metrics);
    }
  }

  abstract void onLoggedStep(StepMetrics metrics);

  /** What a step measured, by the keys that it is written down under. */
  Map<String, @Nullable Object> row(StepMetrics metrics) {
    Map<String, @Nullable Object> row = row("train", metrics.step());
    row.put(unit.plural(), metrics.positions());
    row.put("loss", metrics.loss());
    row.put("lr", metrics.learningRate());
    row.put("grad_norm", metrics.gradientNorm());
    row.put("sparsity", metrics.sparsity());
    row.put(unit.perSecond(), metrics.positionsPerSecond());
    row.put("step_seconds", metrics.stepSeconds());
    return row;
  }

  static Map<String, @Nullable Object> row(String event, long step) {
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("event", event);
    row.put("step", step);
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
