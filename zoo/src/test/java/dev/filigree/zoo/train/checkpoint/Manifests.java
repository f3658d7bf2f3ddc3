package dev.filigree.zoo.train.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Manifests of checkpoints that a test changed. */
public final class Manifests {
  private Manifests() {}

  /** Writes a manifest that agrees with the files as they are. */
  public static void rewrite(Path checkpoint) throws IOException {
    List<String> names;
    try (var files = Files.list(checkpoint)) {
      names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> !name.equals(CheckpointManifest.NAME))
              .toList();
    }
    Files.write(
        checkpoint.resolve(CheckpointManifest.NAME),
        CheckpointManifest.of(checkpoint, names).toBytes());
  }
}
