package dev.filigree.zoo.train;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import dev.filigree.zoo.train.checkpoint.ConfigFile;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.log.RunLogs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The folder of a run: {@code config.yaml}, the lock, metrics, checkpoints, the report. */
final class RunDirectory implements AutoCloseable {
  private final Path path;

  /** Null for a replica that writes nothing. */
  private @Nullable RunLock lock;

  private final boolean made; // it was not there before

  private RunDirectory(Path path, @Nullable RunLock lock, boolean made) {
    this.path = path;
    this.lock = lock;
    this.made = made;
  }

  /** The folder as replicas see it that leave all writing to the first one. */
  static RunDirectory readOnly(Path path) {
    return new RunDirectory(path, null, false);
  }

  /** Whether files are written here: by the first of several replicas. */
  boolean writes() {
    return lock != null;
  }

  /**
   * Makes the folder of a new run and takes its lock.
   *
   * @throws TrainingException when it holds an earlier run, is in use or cannot be written
   */
  static RunDirectory create(Path path) {
    boolean made = Files.notExists(path);
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new TrainingException(
          path + ": cannot be made: " + Failures.reason(e) + "; choose another --out", e);
    }
    RunLock lock = RunLock.take(path);
    for (String earlier : List.of(RunLogs.METRICS, CheckpointStore.FOLDER)) {
      if (Files.exists(path.resolve(earlier))) {
        lock.close();
        throw new TrainingException(
            path
                + ": holds an earlier run: go on with --resume "
                + path
                + ", or choose another --out");
      }
    }
    return new RunDirectory(path, lock, made);
  }

  /**
   * Takes the lock of an earlier run's folder.
   *
   * @throws TrainingException when there is no run in it, or it is in use
   */
  static RunDirectory open(Path path) {
    requireRun(path);
    return new RunDirectory(path, RunLock.take(path), false);
  }

  static void requireRun(Path path) {
    if (!Files.isRegularFile(path.resolve(ConfigFile.NAME))) {
      throw new TrainingException(
          path
              + ": not a run directory: "
              + ConfigFile.NAME
              + " is missing; give the --out of a run");
    }
  }

  Path path() {
    return path;
  }

  /** Whether the folder is still the one that was locked: neither deleted nor another run's. */
  boolean isThere() {
    return lock == null || lock.isThere();
  }

  /**
   * Makes a folder again that was deleted under the run, so that a last checkpoint can be saved.
   *
   * @throws TrainingException when another run took its place, or it cannot be made
   */
  void makeAgain(RunConfig config) {
    if (Files.exists(path.resolve(RunLogs.METRICS))) {
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
    if (deleted != null) {
      deleted.close();
    }
    write(config);
  }

  CheckpointStore checkpoints() {
    return new CheckpointStore(path);
  }

  /** Writes the resolved configuration, and with which versions it runs. */
  void write(RunConfig config) {
    if (!writes()) {
      return;
    }
    try {
      Durable.replace(path.resolve(ConfigFile.NAME), ConfigFile.bytes(config));
    } catch (IOException e) {
      throw new TrainingException(
          path.resolve(ConfigFile.NAME) + ": cannot be written: " + Failures.reason(e), e);
    }
  }

  /** Gives the lock back, and deletes the folder where it was made for this run and is empty. */
  void abandon() {
    close();
    if (made) {
      try {
        Files.delete(path);
      } catch (IOException e) {
        // Something is in it.
      }
    }
  }

  @Override
  public void close() {
    if (lock != null) {
      lock.close();
    }
  }
}
