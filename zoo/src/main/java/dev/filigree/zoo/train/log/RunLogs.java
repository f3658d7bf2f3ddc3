package dev.filigree.zoo.train.log;

import dev.filigree.zoo.config.LoggingConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.TrainingFlops;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The files of a run directory that its metrics go to: {@code metrics.jsonl} always. For Filigree's
 * own packages.
 */
public final class RunLogs implements AutoCloseable {
  /** The file of a run that has a row for each step, evaluation and mask update. */
  public static final String METRICS = MetricsFile.NAME;

  private final List<RunLog> logs = new ArrayList<>();

  private RunLogs() {}

  /**
   * Opens the files that a configuration asks for, to append to.
   *
   * @param unit what the run is counted in
   * @param step optimizer steps finished before
   * @param positions tokens or pictures trained on before
   * @throws TrainingException when one cannot be written
   */
  public static RunLogs open(Path directory, RunConfig run, Unit unit, long step, long positions) {
    LoggingConfig config = run.logging();
    var all = new RunLogs();
    try {
      var clock =
          RunClock.after(directory.resolve(METRICS), TrainingFlops.of(run), step, positions);
      all.logs.add(MetricsFile.open(directory, config::logsAt, unit, clock));
      if (config.csv()) {
        all.logs.add(CsvLog.open(directory, config::logsAt, unit, clock));
      }
      if (config.tensorBoard()) {
        all.logs.add(TensorBoardLog.open(directory, config::logsAt, unit, clock, step));
      }
      return all;
    } catch (TrainingException e) {
      all.close();
      throw e;
    } catch (IOException e) {
      all.close();
      throw LogFile.failed(directory.resolve(METRICS), e);
    }
  }

  /** Those of a replica that writes nothing. */
  public static RunLogs none() {
    return new RunLogs();
  }

  /** Those that write the files, for {@code Trainer.listen}. */
  public List<? extends TrainingListener> listeners() {
    return logs;
  }

  /**
   * Cuts what a run wrote after a step, so that its files are those of a run that stopped nowhere.
   *
   * @param scheduled the steps after which the run evaluates
   */
  public static void cutAfter(Path directory, long step, LongPredicate scheduled) {
    MetricsFile.cutAfter(directory, step, scheduled);
    CsvLog.cutAfter(directory, step, scheduled);
  }

  @Override
  public void close() {
    @Nullable TrainingException failed = null;
    for (RunLog log : logs) {
      try {
        log.close();
      } catch (TrainingException e) {
        failed = failed == null ? e : failed;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
