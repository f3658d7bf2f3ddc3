package dev.filigree.zoo.train;

import dev.filigree.zoo.config.LoggingConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files of a run directory that its metrics go to: {@code metrics.jsonl} always. */
final class RunLogs implements AutoCloseable {
  private final List<RunLog> logs = new ArrayList<>();

  private RunLogs() {}

  /**
   * Opens the files that a configuration asks for, to append to.
   *
   * @param unit what the run is counted in
   * @param step optimizer steps finished before
   * @throws TrainingException when one cannot be written
   */
  static RunLogs open(Path directory, LoggingConfig config, Unit unit, long step) {
    var all = new RunLogs();
    try {
      all.logs.add(MetricsFile.open(directory, config::logsAt, unit));
      if (config.csv()) {
        all.logs.add(CsvLog.open(directory, config::logsAt, unit));
      }
      if (config.tensorBoard()) {
        all.logs.add(TensorBoardLog.open(directory, config::logsAt, unit, step));
      }
      return all;
    } catch (TrainingException e) {
      all.close();
      throw e;
    }
  }

  /** Those of a replica that writes nothing. */
  static RunLogs none() {
    return new RunLogs();
  }

  List<RunLog> listeners() {
    return logs;
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
