package dev.filigree.cli;

import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One training by several workers of this machine, which is started again where one of them fails.
 */
final class LocalTraining {
  private final Path directory;
  private final int workers;
  private final int restarts;
  private final boolean quiet;
  private final PrintWriter out;
  private final PrintWriter err;

  /**
   * @param directory of the run
   * @param restarts how often at most
   */
  LocalTraining(
      Path directory, int workers, int restarts, boolean quiet, PrintWriter out, PrintWriter err) {
    this.directory = directory;
    this.workers = workers;
    this.restarts = restarts;
    this.quiet = quiet;
    this.out = out;
    this.err = err;
  }

  /**
   * Trains to the end.
   *
   * @param first the arguments of {@code train} for each worker, when they start for the first time
   * @return the exit code
   * @throws WorkerFailure when one fails once too often
   */
  int run(List<String> first) {
    List<String> arguments = first;
    for (int attempt = 0; ; attempt++) {
      try {
        return attempt(arguments, attempt);
      } catch (WorkerFailure e) {
        if (attempt == restarts || !hasCheckpoint()) {
          throw e;
        }
        err.printf(
            "warning: %s; going on from the last checkpoint, restart %d of %d%n",
            e.getMessage(), attempt + 1, restarts);
        // What the command line changed stands in the run's own configuration by now.
        arguments = List.of("--resume", directory.toString());
      }
    }
  }

  private int attempt(List<String> arguments, int attempt) {
    var all = new ArrayList<String>();
    all.add("train");
    all.addAll(arguments);
    if (quiet) {
      all.add("--quiet");
    }
    if (Logging.isVerbose()) {
      all.add("--verbose");
    }
    try (var group = new Workers(workers, all, attempt, out, err);
        var interrupts =
            new Interrupts(group::requestStop, this::hasCheckpoint, group::close, err)) {
      int code = group.await();
      return interrupts.interrupted() ? interrupts.exitCode() : code;
    } catch (IOException e) {
      throw new IllegalStateException("the workers cannot be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private boolean hasCheckpoint() {
    return !new CheckpointStore(directory).all().isEmpty();
  }
}
