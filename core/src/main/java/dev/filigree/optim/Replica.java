package dev.filigree.optim;

/**
 * One of the processes that train a model together, each on its share of every batch. Its place
 * decides which samples it reads, what its dropout draws, which device it computes on and who
 * writes files; initial weights and masks are the same in all.
 *
 * @param rank its place, in [0, size)
 * @param size how many there are
 * @param localRank its place among those on its machine, in [0, rank]: the number of its GPU
 */
public record Replica(int rank, int size, int localRank) {
  private static final long STRIDE = 0xD1B54A32D192ED03L;

  /**
   * One of several, with its place on its machine.
   *
   * @throws IllegalArgumentException for a rank outside [0, size) or a localRank outside [0, rank]
   */
  public Replica {
    if (size < 1 || rank < 0 || rank >= size) {
      throw new IllegalArgumentException(
          "rank must be in [0, size), found rank " + rank + " of " + size);
    }
    if (localRank < 0 || localRank > rank) {
      throw new IllegalArgumentException(
          "localRank must be in [0, rank], found %d for rank %d".formatted(localRank, rank));
    }
  }

  /** One of several on the same machine. */
  public Replica(int rank, int size) {
    this(rank, size, rank);
  }

  /** One process by itself. */
  public static Replica alone() {
    return new Replica(0, 1);
  }

  /** Whether this is the only process. */
  public boolean isAlone() {
    return size == 1;
  }

  /** Whether this is the one that writes the files of a run. */
  public boolean writes() {
    return rank == 0;
  }

  /** A seed of this replica's own; the first one has that of a process by itself. */
  public long seed(long shared) {
    return shared + rank * STRIDE;
  }

  /**
   * This replica's share of a number of samples.
   *
   * @throws IllegalArgumentException when the samples cannot be divided into equal parts
   */
  public int share(int samples) {
    if (samples % size != 0) {
      throw new IllegalArgumentException(
          "a batch of %d samples does not come apart into equal shares for %d replicas"
              .formatted(samples, size));
    }
    return samples / size;
  }
}
