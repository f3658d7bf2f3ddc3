package dev.filigree.zoo.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds and opens checkpoints. */
public final class Checkpoints {
  private Checkpoints() {}

  /**
   * What a search for a checkpoint found.
   *
   * @param checkpoint the newest whole one
   * @param passedOver a line for each newer one that is damaged
   */
  public record Newest(Optional<Path> checkpoint, List<String> passedOver) {
    public Newest {
      passedOver = List.copyOf(passedOver);
    }
  }

  /** The newest checkpoint of a run directory whose manifest agrees with its files. */
  public static Newest newestWhole(Path runDirectory) {
    return new CheckpointStore(runDirectory).newestWhole();
  }

  /**
   * The folder with the weights that a path means: the newest whole checkpoint of a run directory,
   * or the folder itself, a checkpoint or one in Hugging Face's layout.
   *
   * @throws CheckpointException when there is no such folder, or no whole checkpoint in it
   */
  public static Path resolve(Path path) {
    if (!Files.isDirectory(path)) {
      throw new CheckpointException(path, "no such folder; give a checkpoint or a run directory");
    }
    if (!Files.isDirectory(path.resolve(CheckpointStore.FOLDER))) {
      return path;
    }
    Newest newest = newestWhole(path);
    return newest
        .checkpoint()
        .orElseThrow(
            () ->
                new CheckpointException(
                    path,
                    "no whole checkpoint in it"
                        + (newest.passedOver().isEmpty()
                            ? ""
                            : " (" + String.join("; ", newest.passedOver()) + ")")));
  }

  /**
   * Opens a checkpoint, or the newest whole one of a run directory, after checking every file
   * against its manifest.
   *
   * @throws CheckpointException naming the file and what is wrong with it
   */
  public static Checkpoint open(Path checkpointOrRunDirectory) {
    Path directory = resolve(checkpointOrRunDirectory);
    Manifest.check(directory);
    return new Checkpoint(directory);
  }
}
