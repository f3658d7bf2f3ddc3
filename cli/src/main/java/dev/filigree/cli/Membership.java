package dev.filigree.cli;

import dev.filigree.distributed.Rendezvous;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** This process among those that train together, or by itself. */
final class Membership {
  /** As long as the first one may write a checkpoint, or another machine be slow to start. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final @Nullable ReplicaGroup group;

  private Membership(@Nullable ReplicaGroup group) {
    this.group = group;
  }

  static Membership alone() {
    return new Membership(null);
  }

  /** Waits for the others. */
  static Membership join(Rendezvous where) {
    return new Membership(ReplicaGroup.join(where, PATIENCE));
  }

  Replica replica() {
    return group == null ? Replica.alone() : group.replica();
  }

  GradientExchange exchange() {
    return group == null ? GradientExchange.none() : group;
  }

  /** Waits until all are done. */
  void leave() {
    if (group != null) {
      group.barrier();
      group.close();
    }
  }
}
