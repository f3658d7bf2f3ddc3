package dev.filigree.distributed;

import dev.filigree.optim.Replica;

/**
 * Where the replicas of one training meet, and which of them this process is.
 *
 * @param replica its place among all
 * @param address host name or IP address of the first replica's machine
 * @param port that the first replica listens on there, for the others to find each other
 * @param attempt how often this training was started again, from 0: those of an earlier attempt
 *     that are still there are not mistaken for others of this one
 */
public record Rendezvous(Replica replica, String address, int port, int attempt) {
  /**
   * A meeting place of all its values.
   *
   * @throws IllegalArgumentException for an empty address, a port outside [1, 65535] or a negative
   *     attempt
   */
  public Rendezvous {
    if (address.isBlank()) {
      throw new IllegalArgumentException("address must not be empty");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port must be in [1, 65535], found " + port);
    }
    if (attempt < 0) {
      throw new IllegalArgumentException("attempt must be at least 0, found " + attempt);
    }
  }

  /** Whether this process is the one that the others connect to. */
  public boolean serves() {
    return replica.rank() == 0;
  }
}
