package dev.filigree.zoo.train.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    /** The list is copied. */
    public Newest {
      passedOver = List.copyOf(passedOver);
    }

    /** The checkpoint, checked already. */
    public Optional<Checkpoint> open() {
      return checkpoint.map(Checkpoint::new);
    }
  }

  /** The newest checkpoint of a run directory whose manifest agrees with its files. */
  public static Newest newestWhole(Path runDirectory) {
    var passedOver = new ArrayList<String>();
    for (CheckpointStore.Saved saved : new CheckpointStore(runDirectory).all().reversed()) {
      try {
        CheckpointManifest.check(saved.directory());
        return new Newest(Optional.of(saved.directory()), passedOver);
      } catch (CheckpointException e) {
        passedOver.add("passed over: " + e.getMessage());
      }
    }
    return new Newest(Optional.empty(), passedOver);
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

  /** Whether a folder is a checkpoint or a run with some, and not one in Hugging Face's layout. */
  public static boolean areIn(Path folder) {
    return Files.isDirectory(folder.resolve(CheckpointStore.FOLDER))
        || Files.exists(folder.resolve(CheckpointManifest.NAME));
  }

  /**
   * Opens a checkpoint, or the newest whole one of a run directory, after checking every file
   * against its manifest.
   *
   * @throws CheckpointException naming the file and what is wrong with it
   */
  public static Checkpoint open(Path checkpointOrRunDirectory) {
    Path directory = resolve(checkpointOrRunDirectory);
    CheckpointManifest.check(directory);
    return new Checkpoint(directory);
  }
}
