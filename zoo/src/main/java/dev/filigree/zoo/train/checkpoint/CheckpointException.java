package dev.filigree.zoo.train.checkpoint;

import java.nio.file.Path;

/** A checkpoint that cannot be used: one line naming the file and what is wrong with it. */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  CheckpointException(Path file, String message) {
    super(file + ": " + message);
    reason = message;
  }

  /** What is wrong, without the file. */
  String reason() {
    return reason;
  }
}
