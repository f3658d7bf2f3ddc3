package dev.filigree.cli;

/** A worker that ended as it should not; the others were ended too. */
final class WorkerFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param reason how it ended and what it said first
   */
  WorkerFailure(int rank, int size, String reason) {
    super("worker %d of %d %s".formatted(rank, size, reason));
  }
}
