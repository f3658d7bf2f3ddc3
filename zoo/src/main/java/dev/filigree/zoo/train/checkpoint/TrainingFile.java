package dev.filigree.zoo.train.checkpoint;

import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFile;
import java.nio.file.Path;
import java.util.function.Consumer;

/** The file of a checkpoint that holds masks and optimizer state. */
final class TrainingFile {
  static final String NAME = "training.safetensors";

  private TrainingFile() {}

  /**
   * Opens the file of a checkpoint for an action.
   *
   * @throws CheckpointException when the action refuses what the file holds
   */
  static void read(Path directory, Consumer<SafetensorsFile> action) {
    Path path = directory.resolve(NAME);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      action.accept(file);
    } catch (SafetensorsException | IllegalArgumentException e) {
      throw new CheckpointException(path, String.valueOf(e.getMessage()));
    }
  }
}
