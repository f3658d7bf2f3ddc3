package dev.filigree.kernels;

/**
 * A range of integers cut into pieces of equal size, the last of which may be smaller. The
 * arithmetic does not overflow for up to 2³¹ − 1 numbers.
 *
 * @param total the number of integers, 0 or more
 * @param size of a piece, at least 1
 */
record Pieces(int total, int size) {
  /** How many pieces there are. */
  int count() {
    return Math.ceilDiv(total, size);
  }

  /** The first number of a piece. */
  int start(int piece) {
    return piece * size;
  }

  /** How many numbers a piece has. */
  int length(int piece) {
    return Math.min(size, total - start(piece));
  }

  /** The number after a piece. */
  int end(int piece) {
    return start(piece) + length(piece);
  }
}
