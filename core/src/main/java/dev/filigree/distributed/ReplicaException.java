package dev.filigree.distributed;

/** Replicas that cannot go on together: one line that says why. */
public final class ReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** For what a replica found by itself. */
  public ReplicaException(String message) {
    super(message);
  }

  /** For what libtorch or the network said. */
  public ReplicaException(String message, Throwable cause) {
    super(message, cause);
  }
}
