package dev.filigree.zoo.train.checkpoint;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a checkpoint that is no run's: whole, with its manifest, or not at all. */
final class NewFolder {
  private NewFolder() {}

  /** The files of a checkpoint, its manifest excepted. */
  @FunctionalInterface
  interface Content {
    void write(Path folder) throws IOException;
  }

  /**
   * Throws for a place that is taken, before anything is computed for it.
   *
   * @throws CheckpointException when it is there already
   */
  static void requireFree(Path to) {
    if (Files.exists(to)) {
      throw new CheckpointException(to, "is there already; choose another place");
    }
  }

  /**
   * Makes one.
   *
   * @throws CheckpointException when it is there already or cannot be written
   */
  static void write(Path to, Content files) {
    requireFree(to);
    Path target = to.toAbsolutePath().normalize();
    Path aside = target.resolveSibling("." + target.getFileName() + ".partial");
    try {
      Durable.deleteTree(aside);
      files.write(aside);
      Durable.write(
          aside.resolve(CheckpointManifest.NAME),
          CheckpointManifest.of(aside, Durable.syncFiles(aside)).toBytes());
      Durable.syncFolder(aside);
      Durable.rename(aside, target);
    } catch (IOException e) {
      throw new CheckpointException(to, "cannot be written: " + Failures.reason(e));
    }
  }
}
