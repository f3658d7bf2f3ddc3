package dev.filigree.cli.compare;

import java.io.IOException;
import java.nio.file.Path;

/** Starts runs, each by itself. */
@FunctionalInterface
public interface RunStarter {
  /** A run that was started. */
  interface Started {
    /** Whether it still runs. */
    boolean isRunning();

    /** Asks it to save and end after the step that it is in. */
    void requestStop();

    /** Ends it at once. */
    void end();

    /** What it said when it failed; empty where it ended well. */
    String error();
  }

  /**
   * Starts a run.
   *
   * @param directory of the run, whole
   * @param resumes whether the directory has a checkpoint to go on from
   * @param slot which of the runs that are made at once, from 0
   */
  Started start(RunSpec run, Path directory, boolean resumes, int slot) throws IOException;
}
