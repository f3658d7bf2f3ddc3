package dev.filigree.cli;

import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks of what users name on the command line, before it is used. */
final class Inputs {
  private Inputs() {}

  /**
   * Opens a checkpoint, or the newest whole one of a run directory.
   *
   * @throws UsageException when there is no such folder
   */
  static Checkpoint checkpoint(Path path) {
    return Checkpoints.open(folder(path, "a checkpoint or a run directory"));
  }

  /**
   * The path itself.
   *
   * @param expected what the folder should hold, for the message
   * @throws UsageException when there is no such folder
   */
  static Path folder(Path path, String expected) {
    if (!Files.isDirectory(path)) {
      throw new UsageException(path + ": no such folder; give " + expected);
    }
    return path;
  }
}
