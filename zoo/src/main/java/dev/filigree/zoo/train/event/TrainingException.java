package dev.filigree.zoo.train.event;

/** A run that cannot start or go on: one line that says why and what to do. */
public final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one line: what cannot be done, where, and what to do
   */
  public TrainingException(String message) {
    super(message);
  }

  /**
   * @param message one line: what cannot be done, where, and what to do
   * @param cause what it came of
   */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
