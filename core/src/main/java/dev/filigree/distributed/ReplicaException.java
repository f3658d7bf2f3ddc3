package dev.filigree.distributed;

/** Replicas that cannot go on together: one line that says why. */
public final class ReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ReplicaException(String message) {
    super(message);
  }

  public ReplicaException(String message, Throwable cause) {
    super(message, cause);
  }
}
