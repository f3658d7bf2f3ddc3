package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.io.Durable;
import dev.filigree.config.ConfigWriter;
import dev.filigree.zoo.config.RunConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The folder of a run: {@code config.yaml}, the lock, metrics, checkpoints, the report. */
final class RunDirectory implements AutoCloseable {
  static final String CONFIG = "config.yaml";

  private final Path path;
  private RunLock lock;

  private RunDirectory(Path path, RunLock lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes the folder of a new run and takes its lock.
   *
   * @throws TrainingException when it holds an earlier run, is in use or cannot be written
   */
  static RunDirectory create(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new TrainingException(
          path + ": cannot be made: " + Failures.reason(e) + "; choose another --out", e);
    }
    RunLock lock = RunLock.take(path);
    for (String earlier : List.of(MetricsFile.NAME, CheckpointStore.FOLDER)) {
      if (Files.exists(path.resolve(earlier))) {
        lock.close();
        throw new TrainingException(
            path
                + ": holds an earlier run: go on with --resume "
                + path
                + ", or choose another --out");
      }
    }
    return new RunDirectory(path, lock);
  }

  /**
   * Takes the lock of an earlier run's folder.
   *
   * @throws TrainingException when there is no run in it, or it is in use
   */
  static RunDirectory open(Path path) {
    requireRun(path);
    return new RunDirectory(path, RunLock.take(path));
  }

  static void requireRun(Path path) {
    if (!Files.isRegularFile(path.resolve(CONFIG))) {
      throw new TrainingException(
          path + ": not a run directory: " + CONFIG + " is missing; give the --out of a run");
    }
  }

  Path path() {
    return path;
  }

  /** Whether the folder is still the one that was locked: neither deleted nor another run's. */
  boolean isThere() {
    return lock.isThere();
  }

  /**
   * Makes a folder again that was deleted under the run, so that a last checkpoint can be saved.
   *
   * @throws TrainingException when another run took its place, or it cannot be made
   */
  void makeAgain(RunConfig config) {
    if (Files.exists(path.resolve(MetricsFile.NAME))) {
      throw new TrainingException(
          path + ": is another run's now; this run's own was deleted or moved while it ran");
    }
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new TrainingException(
          path + ": was deleted under the run and cannot be made again: " + Failures.reason(e), e);
    }
    RunLock deleted = lock;
    lock = RunLock.take(path);
    deleted.close();
    write(config);
  }

  CheckpointStore checkpoints() {
    return new CheckpointStore(path);
  }

  /** Writes the resolved configuration, and with which versions it runs. */
  void write(RunConfig config) {
    try {
      Durable.replace(path.resolve(CONFIG), bytes(config));
    } catch (IOException e) {
      throw new TrainingException(
          path.resolve(CONFIG) + ": cannot be written: " + Failures.reason(e), e);
    }
  }

  static byte[] bytes(RunConfig config) {
    Map<String, Object> root = config.toConfig();
    var own = new LinkedHashMap<String, Object>();
    own.put("notes", config.notes());
    own.put("versions", Versions.all());
    root.put("filigree", own);
    return ConfigWriter.toYaml(root).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    lock.close();
  }
}
